//! ARM ids among the inputs: what is written in place of one would be refused by Azure only after the plan was agreed to.

use tfplugin_rs::value::Path;

use super::{inputs::Inputs, problem::Stop};
use crate::network::Known;

/// Resource group and name in the id of a resource of `kind` (`Microsoft.Network/virtualNetworks`). Azure compares ids without case.
pub(super) fn place<'i>(id: &'i str, kind: &str) -> Option<(&'i str, &'i str)> {
    let parts: Vec<&str> = id.split('/').collect();
    let [
        "",
        subscriptions,
        subscription,
        groups,
        group,
        providers,
        namespace,
        resource,
        name,
    ] = parts.as_slice()
    else {
        return None;
    };
    let is_kind = format!("{namespace}/{resource}").eq_ignore_ascii_case(kind);
    let is_id = subscriptions.eq_ignore_ascii_case("subscriptions")
        && groups.eq_ignore_ascii_case("resourceGroups")
        && providers.eq_ignore_ascii_case("providers");
    let is_whole = ![subscription, group, name].iter().any(|part| part.is_empty());
    (is_kind && is_id && is_whole).then_some((group, name))
}

/// Refuses what is known and no id of `kind`.
pub(super) fn check<'i>(
    inputs: &Inputs<'_>,
    path: &Path,
    ids: impl IntoIterator<Item = &'i str>,
    kind: &str,
) -> Result<(), Stop> {
    let Some(id) = ids.into_iter().find(|id| place(id, kind).is_none()) else {
        return Ok(());
    };
    let detail =
        format!("`{id}` is not the ARM id that is expected: `/subscriptions/…/resourceGroups/…/providers/{kind}/…`.");
    Err(inputs.findings().error(path.clone(), "Invalid id", detail))
}

/// The id as far as it is known.
pub(super) fn known(id: Option<&Known<String>>) -> Option<&str> {
    id.and_then(Known::get).map(String::as_str)
}
