//! `cidr_aggregate(prefixes)`.

use ipnet::IpNet;
use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{parameter, refused};
use crate::{
    network::{Prefix, PrefixError},
    service_tags,
};

pub(super) struct CidrAggregate;

#[async_trait::async_trait]
impl Function for CidrAggregate {
    fn name(&self) -> String {
        "cidr_aggregate".to_owned()
    }

    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![parameter(
                "prefixes",
                Type::list(Type::String),
                "Prefixes in CIDR notation or addresses, IPv4 and IPv6.",
            )],
            variadic: None,
            returns: Type::list(Type::String),
            summary: "The fewest prefixes for the same addresses".to_owned(),
            description: "Gives the fewest prefixes that hold exactly the addresses of the given ones: IPv4 before IPv6, each in the order \
                          of the addresses."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let given = arguments.first().and_then(Value::as_list).unwrap_or_default();
        let prefixes: Vec<IpNet> = given.iter().map(net).collect::<Result<_, _>>()?;
        Ok(Value::string_list(
            service_tags::aggregate(&prefixes).iter().map(IpNet::to_string),
        ))
    }
}

fn net(value: &Value) -> Result<IpNet, FunctionError> {
    let text = value.as_str().ok_or_else(|| refused(0, "a prefix must not be null"))?;
    let prefix: Prefix = text
        .parse()
        .map_err(|error: PrefixError| refused(0, error.to_string()))?;
    prefix
        .to_string()
        .parse()
        .map_err(|_| refused(0, format!("`{prefix}` is not an address prefix")))
}
