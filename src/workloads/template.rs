//! Placeholders in rows: `Storage.{storage_locations}`, `{default_storage_account_name}.blob.core.windows.net`.

use std::collections::BTreeMap;

use super::{inputs::Inputs, problem::Stop, rules::malformed, shared::Shared};
use crate::{
    network::{ServiceTag, stable_hash},
    regions,
    requirements::Requirement,
};

/// What the placeholders stand for: texts by argument; a plural one has several. The first is the workload's own.
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

    /// A further element: its place depends on itself alone, so that no other element's coming or going moves it.
    fn further(element: &str) -> Place {
        let offset = 1 + stable_hash(element) % (SLOTS - 1);
        Place {
            suffix: format!("_{element}"),
            offset: i64::try_from(offset).unwrap_or(1),
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
            let place = if position == 0 {
                Place::first()
            } else {
                Place::further(&regions::normalize_location(location))
            };
            tags.push((place, parse(&format!("{base}.{suffix}"))?));
        }
        Ok(tags)
    }
}
