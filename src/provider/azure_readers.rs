//! The data sources that read Azure: which they are, and what they share.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider,
    schema::{Attribute, Nesting, Shape},
    value::{Path, Type, Value},
};

use super::managed::timeouts;
use crate::azure::{ArmError, Call, ResourceId};

/// The data sources that contact Azure. Resources do so when they are applied and refreshed; every other data source, every function and
/// every plan only computes and opens no connection. `tests/layers.rs` keeps the list true in the code, and the tests of data sources in a
/// machine without a network.
pub const AZURE_READERS: [&str; 3] = [
    "lockeddown_aml_outbound_dependencies",
    "lockeddown_coverage",
    "lockeddown_service_tag",
];

/// The argument `timeouts` of a data source.
pub(super) fn timeouts() -> Attribute {
    let read = "How long reading may take, as in `45s` or `10m`. Defaults to `5m`.";
    let shape = Shape::nested(Nesting::Single, [("read", Attribute::optional(Type::String, read))]);
    Attribute::optional(shape, "How long reading may take.")
}

/// Checks it.
pub(super) fn check_timeouts(config: &Value, diagnostics: &mut Diagnostics) {
    timeouts::validate(config, diagnostics);
}

/// The budget of one read.
pub(super) fn azure_call(config: &Value, call: &provider::Call) -> Call {
    timeouts::call(config, "read", call)
}

/// The ARM id of an argument, which must be of this kind: the provider, and the kinds below it. `None` where it is not set, not known yet, or
/// wrong, which is reported.
pub(super) fn id(
    config: &Value,
    argument: &str,
    (provider, kinds): (&str, &[&str]),
    diagnostics: &mut Diagnostics,
) -> Option<ResourceId> {
    let text = config.attribute(argument).as_str()?;
    match text.parse::<ResourceId>() {
        Ok(id) if id.is_kind(provider, kinds) => Some(id),
        _ => {
            let shape: String = kinds.iter().map(|kind| format!("/{kind}/…")).collect();
            let detail = format!(
                "`{argument}` is `{text}`, but an ARM id is expected: `/subscriptions/…/resourceGroups/…/providers/{provider}{shape}`."
            );
            diagnostics.error_at(Path::attribute(argument), "Not an ARM id of that kind", detail);
            None
        }
    }
}

/// What Azure's refusal means to a reader, at the argument that named the object.
pub(super) fn not_read(what: &str, argument: &str, error: &ArmError, diagnostics: &mut Diagnostics) {
    let mut detail = error.to_diagnostic();
    if error.service().is_some_and(|error| error.status() == Some(404)) {
        detail.push_str(&format!(
            "\n\nCorrect `{argument}`, or wait with this data source until the object exists."
        ));
    }
    diagnostics.error_at(Path::attribute(argument), format!("{what} not read"), detail);
}
