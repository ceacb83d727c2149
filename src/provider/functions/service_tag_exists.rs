//! `service_tag_exists(tag, environment)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Signature},
    value::{Type, Value},
};

use super::{cloud, parameter, text};
use crate::service_tags::known;

pub(super) struct ServiceTagExists;

#[async_trait::async_trait]
impl Function for ServiceTagExists {
    fn name(&self) -> String {
        "service_tag_exists".to_owned()
    }

    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![
                parameter("tag", Type::String, "A service tag: `AzureKeyVault`, `Storage.WestEurope`. Azure reads it in any case of letters."),
                parameter("environment", Type::String, "The cloud: `public`, `usgovernment` or `china`."),
            ],
            variadic: None,
            returns: Type::Bool,
            summary: "Whether a cloud has a service tag".to_owned(),
            description: "Tells whether security rules of a cloud can name a service tag, from a table in the provider (changes 376 of the \
                          public cloud, 401 of US Government and China). The regional entries of some tags are lists of addresses that no \
                          rule can name: `AzureMachineLearning.WestEurope` does not exist in this sense. A tag newer than the provider is \
                          `false`; for the latest publication read the file with `lockeddown_service_tag`."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        Ok(known::exists_in_any_case(text(&arguments, 0)?, cloud(&arguments, 1)?).into())
    }
}
