//! Placeholders in rows: `Storage.{storage_locations}`, `{default_storage_account_name}.blob.core.windows.net`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    inputs::Inputs,
    problem::Stop,
    rules::malformed,
    shared::{SERVICE_TAG_KNOWN, Shared},
};
use crate::{
    network::{ServiceTag, stable_hash},
    regions,
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

/// How many slots a row with a plural placeholder has.
const SLOTS: u64 = 20;

impl Place {
    /// The only or the first element: the row's own name and slot.
    pub(super) fn first() -> Place {
        Place {
            suffix: String::new(),
            offset: 0,
        }
    }

    /// A further element. Its place comes from its own name, so that another's coming or going does not move it; where two names
    /// fall on one place, the second takes the next free one. `None` when all are taken.
    pub(super) fn further(element: &str, taken: &mut BTreeSet<u64>) -> Option<Place> {
        let places = SLOTS - 1;
        let wanted = stable_hash(element) % places;
        let free = (0..places).map(|step| 1 + (wanted + step) % places);
        let offset = free.into_iter().find(|offset| taken.insert(*offset))?;
        Some(Place {
            suffix: format!("_{element}"),
            offset: i64::try_from(offset).ok()?,
        })
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
        let mut taken = BTreeSet::new();
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
                Some(Place::first())
            } else {
                Place::further(&regions::normalize_location(location), &mut taken)
            };
            let place = place.ok_or_else(|| {
                let detail = format!(
                    "`{name}` has more than {SLOTS} elements, and {} has {SLOTS} priorities.",
                    row.id
                );
                inputs.findings().error(inputs.path(name), "Too many locations", detail)
            })?;
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
    use super::*;

    #[test]
    fn further_elements_have_places_of_their_own_until_all_are_taken() {
        let mut taken = BTreeSet::new();
        let mut offsets = BTreeSet::new();
        for number in 1..SLOTS {
            let place = Place::further(&format!("region{number}"), &mut taken).unwrap();
            assert!(
                (1..20).contains(&place.offset) && offsets.insert(place.offset),
                "{place:?}"
            );
        }
        assert_eq!(Place::further("region20", &mut taken), None);
    }

    #[test]
    fn a_place_comes_from_the_name() {
        // Rules that are deployed stand there.
        let place = |name| Place::further(name, &mut BTreeSet::new()).unwrap().offset;
        assert_eq!((place("westeurope"), place("francecentral")), (15, 7));
    }
}
