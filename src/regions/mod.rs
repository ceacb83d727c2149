//! Azure's clouds and regions: spellings, pairs, and the suffixes of regional service tags.

mod table;

use std::{fmt, str::FromStr};

/// An Azure cloud, by azurerm's words for `environment`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// Azure.
    #[default]
    Public,
    /// Azure US Government.
    UsGovernment,
    /// Azure operated by 21Vianet.
    China,
}

/// A word that names no cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Azure cloud: use `public`, `usgovernment` or `china`")]
pub struct UnknownCloud(String);

impl Cloud {
    /// Every cloud.
    pub const ALL: [Cloud; 3] = [Cloud::Public, Cloud::UsGovernment, Cloud::China];

    /// azurerm's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Cloud::Public => "public",
            Cloud::UsGovernment => "usgovernment",
            Cloud::China => "china",
        }
    }
}

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.to_ascii_lowercase();
        Cloud::ALL
            .into_iter()
            .find(|cloud| cloud.as_str() == word)
            .ok_or_else(|| UnknownCloud(text.to_owned()))
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A region of an Azure cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// ARM's name: `westeurope`.
    pub name: &'static str,
    /// The name people use: `West Europe`; unknown for regions seen only in the service-tag file.
    pub display_name: Option<&'static str>,
    /// The paired region; many have none, and pairs are not symmetric.
    pub pair: Option<&'static str>,
    /// The cloud it is in.
    pub cloud: Cloud,
    /// What stands behind the dot of a regional service tag: `WestEurope`. A region can exist before its tags.
    pub tag_suffix: Option<&'static str>,
    /// The same for `AzureCloud`, which uses old aliases for twelve regions: `norwaye`.
    pub azure_cloud_suffix: Option<&'static str>,
}

/// A location that no cloud, or another cloud, has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownLocation {
    /// No cloud has it.
    #[error("`{given}` is not a location of the Azure cloud `{cloud}`{}", did_you_mean(.suggestion))]
    Nowhere {
        /// The text.
        given: String,
        /// The cloud asked for.
        cloud: Cloud,
        /// The location whose name is nearest.
        suggestion: Option<&'static str>,
    },
    /// Another cloud has it.
    #[error("`{given}` is a location of the cloud `{home}`, not of `{cloud}`")]
    Elsewhere {
        /// The text.
        given: String,
        /// The cloud asked for.
        cloud: Cloud,
        /// The cloud that has it.
        home: Cloud,
    },
}

fn did_you_mean(suggestion: &Option<&'static str>) -> String {
    suggestion.map_or_else(|| ".".to_owned(), |name| format!("; did you mean `{name}`?"))
}

/// ARM's spelling of a location in any spelling: lower case without spaces.
pub fn normalize_location(location: &str) -> String {
    location
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Every region of a cloud, by name.
pub fn regions(cloud: Cloud) -> impl Iterator<Item = &'static Region> {
    table::REGIONS.iter().filter(move |region| region.cloud == cloud)
}

/// Finds a region of `cloud` by any spelling of its name.
pub fn find(location: &str, cloud: Cloud) -> Result<&'static Region, UnknownLocation> {
    let name = normalize_location(location);
    let given = || location.chars().take(80).collect::<String>();
    match table::REGIONS.iter().find(|region| region.name == name) {
        Some(region) if region.cloud == cloud => Ok(region),
        Some(region) => Err(UnknownLocation::Elsewhere {
            given: given(),
            cloud,
            home: region.cloud,
        }),
        None => Err(UnknownLocation::Nowhere {
            given: given(),
            cloud,
            suggestion: turned(&name, cloud).map(|region| region.name).or_else(|| {
                regions(cloud)
                    .map(|region| (strsim::damerau_levenshtein(region.name, &name), region.name))
                    .filter(|(distance, _)| *distance <= 3)
                    .min()
                    .map(|(_, name)| name)
            }),
        }),
    }
}

/// The region whose name has the same words in another order: a document writes `uswest` for `westus`.
pub(crate) fn turned(given: &str, cloud: Cloud) -> Option<&'static Region> {
    let parts = |name: &str| {
        let words = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let number = name.strip_prefix(words.as_str()).unwrap_or_default().to_owned();
        (words, number)
    };
    let (given, number) = parts(given);
    let is_it = |name: &str| {
        let (words, own) = parts(name);
        own == number && words.len() == given.len() && format!("{words}{words}").contains(&given)
    };
    regions(cloud).find(|region| is_it(region.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_spelling_finds_the_region() {
        for spelling in ["westeurope", "West Europe", "WestEurope", "WEST EUROPE"] {
            assert_eq!(find(spelling, Cloud::Public).unwrap().name, "westeurope");
        }
    }

    #[test]
    fn a_typing_error_is_answered_with_the_nearest_name() {
        let error = find("westeruope", Cloud::Public).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`westeruope` is not a location of the Azure cloud `public`; did you mean `westeurope`?"
        );
        for (given, meant) in [
            ("US West", "westus"),
            ("uswest2", "westus2"),
            ("europewest", "westeurope"),
        ] {
            let error = find(given, Cloud::Public).unwrap_err();
            let named = matches!(error, UnknownLocation::Nowhere { suggestion, .. } if suggestion == Some(meant));
            assert!(named, "{given}: {error}");
        }
        assert!(matches!(
            find("atlantis", Cloud::Public),
            Err(UnknownLocation::Nowhere { suggestion: None, .. })
        ));
    }

    #[test]
    fn a_region_of_another_cloud_is_named_as_such() {
        let error = find("China East 2", Cloud::Public).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`China East 2` is a location of the cloud `china`, not of `public`"
        );
    }

    #[test]
    fn pairs_are_regions_of_the_same_cloud_and_need_not_be_mutual() {
        for region in table::REGIONS {
            if let Some(pair) = region.pair {
                assert!(find(pair, region.cloud).is_ok(), "{} -> {pair}", region.name);
            }
        }
        assert_eq!(find("brazilsouth", Cloud::Public).unwrap().pair, Some("southcentralus"));
        assert_eq!(find("polandcentral", Cloud::Public).unwrap().pair, None);
    }
}
