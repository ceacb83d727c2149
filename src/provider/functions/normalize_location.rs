//! `normalize_location(location, environment?)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{cloud, parameter, refused, region_of, region_of_any_cloud};

pub(super) struct NormalizeLocation;

#[async_trait::async_trait]
impl Function for NormalizeLocation {
    fn name(&self) -> String {
        "normalize_location".to_owned()
    }

    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![parameter("location", Type::String, "A location in any spelling: `West Europe`.")],
            variadic: Some(parameter(
                "environment",
                Type::String,
                "At most one: the cloud that must have the location, `public`, `usgovernment` or `china`. Without it any cloud will do.",
            )),
            returns: Type::String,
            summary: "Azure Resource Manager's spelling of a location".to_owned(),
            description: "Gives Azure Resource Manager's spelling of a location (`westeurope`) and refuses what is none. For a region that \
                          is newer than the provider, `lower(replace(location, \" \", \"\"))` gives the spelling without the check."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let region = match arguments.len() {
            0 | 1 => region_of_any_cloud(&arguments)?,
            2 => region_of(&arguments, cloud(&arguments, 1)?)?,
            _ => return Err(refused(2, "there can be only one")),
        };
        Ok(region.name.into())
    }
}
