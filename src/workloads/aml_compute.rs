//! What the two halves of Azure Machine Learning's managed compute, ingress and egress, are both told.

use std::collections::BTreeSet;

use super::{
    argument::{Argument, Kind},
    inputs::{Inputs, nearest},
    problem::Stop,
    shared::{Shared, check_place},
};
use crate::regions::{self, Region};

pub(super) const COMPUTE_TYPES: Argument = Argument::optional(
    "compute_types",
    Kind::TextSet,
    "What stands in the subnet: `cluster`, `instance` or both. Defaults to both.",
);

pub(super) const WORKSPACE_LOCATION: Argument = Argument::optional(
    "workspace_location",
    Kind::Text,
    "Region of the workspace, which its regional service tags and hosts are named after. Defaults to `location`.",
);

pub(super) const NODE_PUBLIC_IP_ENABLED: Argument = Argument::optional(
    "node_public_ip_enabled",
    Kind::Flag,
    "Whether nodes and instances have public IP addresses. Defaults to `false`; in edition `2020-07`, which knows no compute without them, to \
     `true`.",
);

/// The requirement that Azure Batch has simplified communication in the region of the workspace.
pub(super) const SIMPLIFIED_REGIONS: &str = "AML-SIMPLIFIED-REGIONS";

/// Without simplified communication: simplified-compute-node-communication, "Supported regions". In US Government only Arizona, Texas
/// and Virginia have it.
const CLASSIC_ONLY: [&str; 6] = [
    "westindia",
    "francesouth",
    "chinanorth",
    "chinaeast",
    "usdodcentral",
    "usdodeast",
];

/// Whether Azure Batch has no simplified communication in the region, as far as nobody says otherwise.
pub(super) fn is_classic_only(location: &str, shared: &Shared) -> bool {
    CLASSIC_ONLY.contains(&location) && !shared.waived.contains_key(SIMPLIFIED_REGIONS)
}

/// The kinds of compute in the subnet.
#[derive(Clone, Copy, Debug)]
pub(super) struct ComputeTypes {
    pub(super) cluster: bool,
    pub(super) instance: bool,
}

pub(super) fn read_compute_types(inputs: &Inputs<'_>) -> Result<ComputeTypes, Stop> {
    let words = read_words(inputs, COMPUTE_TYPES.name, &["cluster", "instance"])?;
    let has = |word: &str| words.is_empty() || words.contains(word);
    Ok(ComputeTypes {
        cluster: has("cluster"),
        instance: has("instance"),
    })
}

/// A set whose elements are among `words`.
pub(super) fn read_words(inputs: &Inputs<'_>, argument: &str, words: &[&str]) -> Result<BTreeSet<String>, Stop> {
    let given = inputs.texts(argument)?;
    let Some(unknown) = given.iter().find(|word| !words.contains(&word.as_str())) else {
        return Ok(given);
    };
    let offered: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let suggestion = nearest(unknown, words.iter().copied());
    let suggestion = suggestion.map_or_else(String::new, |word| format!(" Did you mean `{word}`?"));
    let detail = format!(
        "`{argument}` contains `{unknown}`: its elements are among {}.{suggestion}",
        offered.join(", ")
    );
    Err(inputs.findings().error(inputs.path(argument), "Unknown choice", detail))
}

/// Whether the edition has the requirement.
pub(super) fn edition_has(shared: &Shared, id: &str) -> bool {
    shared.catalogue.of_edition(shared.edition).any(|row| row.id == id)
}

/// Public addresses are the rule in the document of 2020 and the exception since.
pub(super) fn read_node_public_ip(inputs: &Inputs<'_>, shared: &Shared) -> Result<bool, Stop> {
    let name = NODE_PUBLIC_IP_ENABLED.name;
    let always = shared.edition.as_str() == "2020-07";
    match inputs.optional_flag(name)? {
        Some(false) if always => {
            let detail = "`node_public_ip_enabled` is `false`, but edition `2020-07` describes compute with public IP addresses only \
                          (AML-IN-BATCH): leave it out, or use edition `2022-10` or newer.";
            Err(inputs
                .findings()
                .error(inputs.path(name), "Not in this edition", detail))
        }
        Some(given) => Ok(given),
        None => Ok(always),
    }
}

/// The workspace's location in ARM's spelling.
pub(super) fn read_workspace_location(inputs: &Inputs<'_>, shared: &Shared) -> Result<String, Stop> {
    let name = WORKSPACE_LOCATION.name;
    if let Some(given) = inputs.text(name)? {
        check_place(inputs, name, &given, shared.environment, &shared.waived)?;
        return Ok(regions::normalize_location(&given));
    }
    let location = inputs.text("location")?;
    Ok(regions::normalize_location(&location.unwrap_or_default()))
}

/// Locations in ARM's spelling.
pub(super) fn read_locations(inputs: &Inputs<'_>, shared: &Shared, argument: &str) -> Result<BTreeSet<String>, Stop> {
    let given = inputs.texts(argument)?;
    for location in &given {
        check_place(inputs, argument, location, shared.environment, &shared.waived)?;
    }
    Ok(given
        .iter()
        .map(|location| regions::normalize_location(location))
        .collect())
}

/// The pair of a location; `None` where it has none or this release does not know it.
pub(super) fn pair_of(location: &str, shared: &Shared) -> Option<&'static str> {
    regions::find(location, shared.environment)
        .ok()
        .and_then(|region: &Region| region.pair)
}
