//! Functions: arguments in, result out.

use super::{Service, wire};
use crate::{
    diagnostic::Diagnostics,
    proto::tfplugin6 as proto,
    provider::{FunctionError, Provider},
    value::Value,
};

impl<P: Provider> Service<P> {
    pub(super) async fn call_function(
        &self,
        request: proto::call_function::Request,
    ) -> Result<proto::DynamicValue, FunctionError> {
        let refused = |text: String| FunctionError { text, argument: None };
        let function = self.functions.get(&request.name);
        let function = function.ok_or_else(|| refused(format!("this provider has no function `{}`", request.name)))?;
        let signature = function.signature();
        let mut arguments: Vec<Value> = Vec::with_capacity(request.arguments.len());
        for (position, argument) in request.arguments.into_iter().enumerate() {
            let parameter = signature.parameters.get(position).or(signature.variadic.as_ref());
            let parameter = parameter.ok_or_else(|| refused("too many arguments".into()))?;
            let mut diagnostics = Diagnostics::default();
            let value = wire::decode(Some(argument), &parameter.ty, "function argument", &mut diagnostics);
            let value = value.ok_or_else(|| FunctionError {
                text: first_detail(&diagnostics),
                argument: Some(position),
            })?;
            arguments.push(value);
        }
        let result = function.call(arguments).await?;
        let mut diagnostics = Diagnostics::default();
        let encoded = wire::encode(&result, &signature.returns, "function result", &mut diagnostics);
        encoded.ok_or_else(|| refused(first_detail(&diagnostics)))
    }
}

fn first_detail(diagnostics: &Diagnostics) -> String {
    diagnostics
        .iter()
        .next()
        .map(|diagnostic| diagnostic.detail.clone())
        .unwrap_or_default()
}
