//! Pure functions, one file each. Terraform calls them in a process without configuration.

mod cidr_aggregate;
mod cidr_contains;
mod expand;
mod explain_flow;
mod normalize_location;
mod region_pair;
mod rules_diff;
mod service_tag_exists;

use std::sync::Arc;

use tfplugin_rs::{
    provider::{Function, FunctionError, Parameter},
    value::{Type, Value},
};

use crate::regions::{self, Cloud, Region, UnknownLocation};

/// Every function.
pub(super) fn functions() -> Vec<Arc<dyn Function>> {
    vec![
        Arc::new(cidr_aggregate::CidrAggregate),
        Arc::new(cidr_contains::CidrContains),
        Arc::new(expand::Expand),
        Arc::new(explain_flow::ExplainFlow),
        Arc::new(normalize_location::NormalizeLocation),
        Arc::new(region_pair::RegionPair),
        Arc::new(rules_diff::RulesDiff),
        Arc::new(service_tag_exists::ServiceTagExists),
    ]
}

fn parameter(name: &str, ty: Type, description: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        ty,
        description: description.to_owned(),
        allow_null: false,
        allow_unknown: false,
    }
}

/// A refusal. Terraform puts a full stop behind the text.
fn refused(argument: usize, text: impl Into<String>) -> FunctionError {
    FunctionError {
        text: text.into(),
        argument: Some(argument),
    }
}

/// The text at `position`. Terraform checks number and types of arguments itself.
fn text(arguments: &[Value], position: usize) -> Result<&str, FunctionError> {
    let text = arguments.get(position).and_then(Value::as_str);
    text.ok_or_else(|| refused(position, "a text is required"))
}

fn cloud(arguments: &[Value], position: usize) -> Result<Cloud, FunctionError> {
    text(arguments, position)?
        .parse()
        .map_err(|error: regions::UnknownCloud| refused(position, error.to_string()))
}

/// The region that is the first argument, of whichever cloud: no two clouds share a name.
fn region_of_any_cloud(arguments: &[Value]) -> Result<&'static Region, FunctionError> {
    let location = text(arguments, 0)?;
    let mut nearest = None;
    for cloud in Cloud::ALL {
        match regions::find(location, cloud) {
            Ok(region) => return Ok(region),
            Err(UnknownLocation::Nowhere { suggestion, .. }) => nearest = nearest.or(suggestion),
            Err(UnknownLocation::Elsewhere { .. }) => {}
        }
    }
    Err(no_location(location, "any Azure cloud", nearest))
}

/// The region of one cloud that is the first argument.
fn region_of(arguments: &[Value], cloud: Cloud) -> Result<&'static Region, FunctionError> {
    let location = text(arguments, 0)?;
    regions::find(location, cloud).map_err(|error| match error {
        UnknownLocation::Nowhere { suggestion, .. } => {
            no_location(location, &format!("the cloud `{cloud}`"), suggestion)
        }
        UnknownLocation::Elsewhere { .. } => refused(0, error.to_string()),
    })
}

fn no_location(location: &str, of: &str, nearest: Option<&str>) -> FunctionError {
    let given: String = location.chars().take(80).collect();
    let suggestion = nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"));
    refused(0, format!("`{given}` is not a location of {of}{suggestion}"))
}
