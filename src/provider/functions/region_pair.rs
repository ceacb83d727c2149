//! `region_pair(location)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{parameter, region_of_any_cloud};

pub(super) struct RegionPair;

#[async_trait::async_trait]
impl Function for RegionPair {
    fn name(&self) -> String {
        "region_pair".to_owned()
    }

    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![parameter("location", Type::String, "A location in any spelling, of any cloud.")],
            variadic: None,
            returns: Type::String,
            summary: "The region that Azure pairs with a region".to_owned(),
            description: "Gives the name of the region that Azure pairs with a location, or null where there is none: many newer regions \
                          have no pair. Pairs are not symmetric: `brazilsouth` has `southcentralus`, which has `northcentralus`."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        Ok(region_of_any_cloud(&arguments)?.pair.into())
    }
}
