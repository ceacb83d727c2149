//! `cidr_contains(prefix, other)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{parameter, refused, text};
use crate::network::{Prefix, PrefixError};

pub(super) struct CidrContains;

#[async_trait::async_trait]
impl Function for CidrContains {
    fn name(&self) -> String {
        "cidr_contains".to_owned()
    }

    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![
                parameter("prefix", Type::String, "A prefix in CIDR notation."),
                parameter("other", Type::String, "A prefix or an address."),
            ],
            variadic: None,
            returns: Type::Bool,
            summary: "Whether a prefix holds another one".to_owned(),
            description:
                "Tells whether every address of `other` is one of `prefix`. IPv4 and IPv6 never hold one another."
                    .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        Ok(prefix(&arguments, 0)?.contains(&prefix(&arguments, 1)?).into())
    }
}

fn prefix(arguments: &[Value], position: usize) -> Result<Prefix, FunctionError> {
    text(arguments, position)?
        .parse()
        .map_err(|error: PrefixError| refused(position, error.to_string()))
}
