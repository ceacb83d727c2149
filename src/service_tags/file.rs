//! One published file, indexed by tag.

use std::borrow::Cow;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{TagError, known};
use crate::regions::{self, Cloud, Region};

/// A service tag file: Microsoft's download, or the answer of the Service Tag Discovery API, which has the same shape.
#[derive(Debug)]
pub struct ServiceTagFile {
    change_number: u64,
    cloud: Cloud,
    entries: Vec<Entry>,
}

/// A tag of a file.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'f> {
    entry: &'f Entry,
    cloud: Cloud,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    /// A number in the download, a string in the API's answer.
    change_number: serde_json::Value,
    cloud: String,
    values: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    properties: Properties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    network_features: Option<Vec<String>>,
    /// As it stands in the file: nine tenths of the file are prefixes that nobody asks for.
    address_prefixes: Box<RawValue>,
}

/// One text of a list, copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl ServiceTagFile {
    /// Reads a file. The error says where and why it is something else.
    pub fn parse(bytes: &[u8]) -> Result<ServiceTagFile, String> {
        // Editors and PowerShell put the mark before what they save.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let document: Document = serde_json::from_slice(bytes).map_err(|error| format!("{error}."))?;
        let number = &document.change_number;
        let number = number.as_u64().or_else(|| number.as_str()?.parse().ok());
        let change_number = number.ok_or("its `changeNumber` is not a number.")?;
        let cloud = cloud(&document.cloud).ok_or_else(|| {
            let given: String = document.cloud.chars().take(80).collect();
            format!("its `cloud` is `{given}`; there are `Public`, `AzureGovernment` and `China`.")
        })?;
        Ok(ServiceTagFile {
            change_number,
            cloud,
            entries: document.values,
        })
    }

    /// The number of the publication; later ones are larger, within a cloud.
    pub fn change_number(&self) -> u64 {
        self.change_number
    }

    /// The cloud whose tags these are.
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// Every tag, in the file's order.
    pub fn tags(&self) -> impl Iterator<Item = Tag<'_>> {
        self.entries.iter().map(|entry| Tag {
            entry,
            cloud: self.cloud,
        })
    }

    /// Finds a tag in any spelling of its name.
    ///
    /// With `region`, a tag of the whole cloud is replaced by its regional form; one that is regional already stays as it is.
    pub fn tag(&self, name: &str, region: Option<&Region>) -> Result<Tag<'_>, TagError> {
        let exact = self.named(name);
        match (region, exact) {
            (None, Some(tag)) => Ok(tag),
            (Some(_), Some(tag)) if tag.is_regional() => Ok(tag),
            (Some(region), Some(tag)) => self.regional(tag, region),
            (_, None) => self.respelt(name),
        }
    }

    fn named(&self, name: &str) -> Option<Tag<'_>> {
        self.tags().find(|tag| tag.name().eq_ignore_ascii_case(name))
    }

    fn regional(&self, tag: Tag<'_>, region: &Region) -> Result<Tag<'_>, TagError> {
        // Azure adds regions faster than we add suffixes; all but the aliases of `AzureCloud` are ARM's name in another case.
        let suffix = known::suffix(tag.name(), region).unwrap_or(region.name);
        self.named(&format!("{}.{suffix}", tag.name()))
            .ok_or_else(|| TagError::NotInRegion {
                tag: tag.name().to_owned(),
                region: region.name.to_owned(),
                regional: self
                    .tags()
                    .any(|other| other.is_regional() && other.base() == tag.name()),
            })
    }

    /// A regional form whose region is spelt as ARM does where the tag has an alias: `AzureCloud.norwayeast`.
    fn respelt(&self, name: &str) -> Result<Tag<'_>, TagError> {
        if let Some((base, location)) = name.rsplit_once('.')
            && let Some(tag) = self.named(base)
            && let Ok(region) = regions::find(location, self.cloud)
        {
            return self.regional(tag, region);
        }
        Err(self.unknown(name))
    }

    fn unknown(&self, name: &str) -> TagError {
        let given = || name.chars().take(80).collect::<String>();
        if let Some(tag) = known::without_addresses(name) {
            return TagError::WithoutAddresses(tag);
        }
        let homes = known::clouds(name);
        if !homes.is_empty() && !homes.contains(&self.cloud) {
            return TagError::OtherCloud {
                tag: given(),
                cloud: self.cloud,
                homes,
            };
        }
        let listed = |name: &String| self.tags().any(|tag| tag.name().eq_ignore_ascii_case(name));
        let nearest = || known::nearest_of(name, self.tags().map(|tag| tag.name())).map(str::to_owned);
        TagError::Unknown {
            tag: given(),
            cloud: self.cloud,
            change_number: self.change_number,
            suggestion: known::nearest(name, self.cloud).filter(listed).or_else(nearest),
        }
    }
}

impl<'f> Tag<'f> {
    /// The name in the spelling of the file.
    pub fn name(self) -> &'f str {
        &self.entry.name
    }

    /// Whether it covers one region only.
    pub fn is_regional(self) -> bool {
        self.entry
            .properties
            .region
            .as_ref()
            .is_some_and(|region| !region.is_empty())
    }

    /// ARM's name of its region; what the file calls it where this release does not know the region.
    pub fn region(self) -> Option<&'f str> {
        let given = self
            .entry
            .properties
            .region
            .as_deref()
            .filter(|region| !region.is_empty())?;
        let (base, suffix) = self.name().rsplit_once('.')?;
        let region = regions::regions(self.cloud).find(|region| known::suffix(base, region) == Some(suffix));
        Some(region.map_or(given, |region| region.name))
    }

    /// Where Azure accepts the tag by name: `API`, `NSG`, `UDR`, `FW`, `VSE`. Empty for what is a list of addresses only. The field
    /// is descriptive: Azure accepts some tags in places that it does not name.
    pub fn network_features(self) -> &'f [String] {
        self.entry.properties.network_features.as_deref().unwrap_or_default()
    }

    /// The prefixes as the file lists them, decoded now.
    pub fn prefixes(self) -> Result<Vec<IpNet>, TagError> {
        let refused = |text: &str| TagError::NotAPrefix {
            tag: self.name().to_owned(),
            text: text.chars().take(80).collect(),
        };
        let listed = self.entry.properties.address_prefixes.get();
        let texts: Vec<Text<'_>> = serde_json::from_str(listed).map_err(|_| refused(listed))?;
        let prefix = |Text(text): Text<'_>| text.parse::<IpNet>().map(|net| net.trunc()).map_err(|_| refused(&text));
        texts.into_iter().map(prefix).collect()
    }

    fn base(self) -> &'f str {
        self.name().rsplit_once('.').map_or(self.name(), |(base, _)| base)
    }
}

fn cloud(word: &str) -> Option<Cloud> {
    match word.to_ascii_lowercase().as_str() {
        "public" => Some(Cloud::Public),
        "azuregovernment" => Some(Cloud::UsGovernment),
        "china" => Some(Cloud::China),
        _ => None,
    }
}
