//! Placeholders in rows: `Storage.{storage_locations}`, `{default_storage_account_name}.blob.core.windows.net`.

use std::collections::BTreeMap;

use super::{
    inputs::Inputs,
    problem::Stop,
    rules::malformed,
    shared::{SERVICE_TAG_KNOWN, Shared},
};
use crate::{
    network::{ServiceTag, stable_hash},
    regions::{self, Cloud},
    requirements::{Kind, Requirement},
    service_tags::known,
};

/// What the placeholders stand for: texts by argument; a plural one has several. In the row's own place stands the element that is
/// `workspace_location`, whichever others there are; where a workload has no such location, the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'a>(pub(super) BTreeMap<&'a str, Vec<String>>);

/// What one of several elements adds to the name and the slot of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) suffix: String,
    pub(super) offset: i64,
}

/// How many slots a row with a placeholder for locations has: its own, and these for further ones.
const FURTHER_LOCATIONS: i64 = 57;

/// Every general region has a place of its own, by its position here, so that rules never move and never meet. Append only: what is
/// deployed stands there. The other regions (restricted, of one customer, newer than this release) share the places behind.
static PLACES_PUBLIC: [&str; 48] = [
    "australiacentral",
    "australiaeast",
    "australiasoutheast",
    "austriaeast",
    "belgiumcentral",
    "brazilsouth",
    "canadacentral",
    "canadaeast",
    "centralindia",
    "centralus",
    "chilecentral",
    "denmarkeast",
    "eastasia",
    "eastus",
    "eastus2",
    "francecentral",
    "germanywestcentral",
    "indonesiacentral",
    "israelcentral",
    "italynorth",
    "japaneast",
    "japanwest",
    "koreacentral",
    "koreasouth",
    "malaysiawest",
    "mexicocentral",
    "newzealandnorth",
    "northcentralus",
    "northeurope",
    "norwayeast",
    "polandcentral",
    "qatarcentral",
    "southafricanorth",
    "southcentralus",
    "southeastasia",
    "southindia",
    "spaincentral",
    "swedencentral",
    "switzerlandnorth",
    "uaenorth",
    "uksouth",
    "ukwest",
    "westcentralus",
    "westeurope",
    "westindia",
    "westus",
    "westus2",
    "westus3",
];
static PLACES_US_GOVERNMENT: [&str; 5] = [
    "usdodcentral",
    "usdodeast",
    "usgovarizona",
    "usgovtexas",
    "usgovvirginia",
];
static PLACES_CHINA: [&str; 6] = [
    "chinaeast",
    "chinaeast2",
    "chinaeast3",
    "chinanorth",
    "chinanorth2",
    "chinanorth3",
];

/// The place of a further location: from the location alone.
fn place_of(location: &str, cloud: Cloud) -> i64 {
    let places: &[&str] = match cloud {
        Cloud::Public => &PLACES_PUBLIC,
        Cloud::UsGovernment => &PLACES_US_GOVERNMENT,
        Cloud::China => &PLACES_CHINA,
    };
    let number = |index: usize| i64::try_from(index).unwrap_or(FURTHER_LOCATIONS);
    match places.iter().position(|name| *name == location) {
        Some(position) => 1 + number(position),
        None => {
            let first = 1 + number(PLACES_PUBLIC.len());
            first + hashed(location, FURTHER_LOCATIONS - first + 1)
        }
    }
}

/// A number below `places` that depends on the name alone.
pub(super) fn hashed(name: &str, places: i64) -> i64 {
    let places = u64::try_from(places).unwrap_or(1).max(1);
    i64::try_from(stable_hash(name) % places).unwrap_or(0)
}

impl Place {
    /// The only or the first element: the row's own name and slot.
    pub(super) fn first() -> Place {
        Place {
            suffix: String::new(),
            offset: 0,
        }
    }

    /// The inbound twin of an outbound rule. A group has each name once, whichever way the rule goes, and each priority once each way.
    pub(super) fn inbound() -> Place {
        Place {
            suffix: "_inbound".to_owned(),
            offset: 0,
        }
    }

    /// A further element at a place that its own name gives, so that another's coming or going does not move it.
    pub(super) fn of(element: &str, offset: i64) -> Place {
        Place {
            suffix: format!("_{element}"),
            offset,
        }
    }
}

impl Values<'_> {
    /// The texts a template stands for; none where its argument has no values.
    pub(super) fn texts(&self, template: &str, inputs: &Inputs<'_>, row: &Requirement) -> Result<Vec<String>, Stop> {
        let Some((before, rest)) = template.split_once('{') else {
            return Ok(vec![template.to_owned()]);
        };
        let (name, after) = rest.split_once('}').ok_or_else(|| malformed(row, inputs))?;
        let values = self.0.get(name).ok_or_else(|| malformed(row, inputs))?;
        let mut texts = Vec::new();
        for value in values {
            texts.extend(self.texts(&format!("{before}{value}{after}"), inputs, row)?);
        }
        Ok(texts)
    }

    /// The service tags a template stands for. A placeholder in a tag is a location, and its suffix is Azure's.
    pub(super) fn tags(
        &self,
        template: &str,
        shared: &Shared,
        inputs: &Inputs<'_>,
        row: &Requirement,
    ) -> Result<Vec<(Place, ServiceTag)>, Stop> {
        let parse = |text: &str| text.parse::<ServiceTag>().map_err(|_| malformed(row, inputs));
        let Some((base, rest)) = template.split_once(".{") else {
            return Ok(vec![(Place::first(), parse(template)?)]);
        };
        let name = rest.strip_suffix('}').ok_or_else(|| malformed(row, inputs))?;
        let locations = self.0.get(name).ok_or_else(|| malformed(row, inputs))?;
        let own = self.0.get("workspace_location").and_then(|own| own.first());
        let mut taken: BTreeMap<i64, &String> = BTreeMap::new();
        let mut tags = Vec::new();
        for (position, location) in locations.iter().enumerate() {
            let region = regions::find(location, shared.environment).ok();
            let suffix = match (base, region) {
                ("AzureCloud", Some(region)) => region.azure_cloud_suffix,
                (_, Some(region)) => region.tag_suffix,
                (_, None) => None,
            };
            // A location newer than this release, which the user has waived: Azure compares tags without case.
            let suffix = suffix.map_or_else(|| regions::normalize_location(location), str::to_owned);
            let tag = format!("{base}.{suffix}");
            // Azure lists addresses for some regional forms that it does not accept as tags: good for routes only.
            if region.is_some() && row.kind == Kind::Flow && !known::exists(&tag, shared.environment) {
                refuse_unknown_tag(&tag, name, shared, inputs, row)?;
            }
            let place = if own.map_or(position == 0, |own| own == location) {
                Place::first()
            } else {
                let location = regions::normalize_location(location);
                Place::of(&location, place_of(&location, shared.environment))
            };
            if let Some(other) = taken.insert(place.offset, location) {
                let detail = format!(
                    "`{other}` and `{location}` of `{name}` have the same place among the priorities of {}: only general regions have one of \
                     their own, and no rule moves for another's sake. Leave `{location}` out and let `{tag}` pass by `extra_rules`.",
                    row.id
                );
                return Err(inputs.findings().error(inputs.path(name), "Priority taken", detail));
            }
            tags.push((place, parse(&tag)?));
        }
        Ok(tags)
    }
}

fn refuse_unknown_tag(
    tag: &str,
    argument: &str,
    shared: &Shared,
    inputs: &Inputs<'_>,
    row: &Requirement,
) -> Result<(), Stop> {
    if shared.waived.contains_key(SERVICE_TAG_KNOWN) {
        return Ok(());
    }
    let detail = format!(
        "{} needs `{tag}`, which Microsoft's list of service tags does not have as far as this release knows. If Azure has it now, waive \
         the check: waived_requirements = {{ \"{SERVICE_TAG_KNOWN}\" = \"new tag\" }}; or waive `{}` and let its flow pass by \
         `extra_rules`.",
        row.id, row.id
    );
    Err(inputs
        .findings()
        .error(inputs.path(argument), "Unknown service tag", detail))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_general_region_has_a_place_of_its_own_and_the_others_stand_behind() {
        for (cloud, places) in [
            (Cloud::Public, &PLACES_PUBLIC[..]),
            (Cloud::UsGovernment, &PLACES_US_GOVERNMENT),
            (Cloud::China, &PLACES_CHINA),
        ] {
            let offsets: BTreeSet<i64> = places.iter().map(|name| place_of(name, cloud)).collect();
            assert_eq!(offsets.len(), places.len(), "{cloud}");
            assert!(places.iter().all(|name| regions::find(name, cloud).is_ok()), "{cloud}");
        }
        for other in ["francesouth", "jioindiawest", "atlantis"] {
            assert!(
                (49..=FURTHER_LOCATIONS).contains(&place_of(other, Cloud::Public)),
                "{other}"
            );
        }
    }

    #[test]
    fn places_are_frozen() {
        let place = |name| place_of(name, Cloud::Public);
        assert_eq!(
            (place("australiacentral"), place("westeurope"), place("westus3")),
            (1, 44, 48)
        );
    }
}
