//! Arguments that are ARM ids.

use tfplugin_rs::{diagnostic::Diagnostics, value::Path};

use crate::azure::ResourceId;

/// Checks an id: `expected` has the kinds below the provider and the shape for people.
pub(in crate::provider) fn validate(
    path: Path,
    argument: &str,
    text: &str,
    (kinds, shape): (&[&str], &str),
    diagnostics: &mut Diagnostics,
) {
    let fits = text
        .parse::<ResourceId>()
        .is_ok_and(|id| id.is_kind("Microsoft.Network", kinds));
    if !fits {
        let detail = format!(
            "`{argument}` is `{text}`: an ARM id of the form `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/{shape}` is \
             expected."
        );
        diagnostics.error_at(path, "Not the id of such a resource", detail);
    }
}
