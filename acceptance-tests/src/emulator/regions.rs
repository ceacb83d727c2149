//! Azure's regions: their names, their spelling in service tags, and their pairs.

use super::refusal::Refusal;

/// Name, spelling in service tags (all but `AzureCloud`'s), paired region. Public, US Government and China.
/// Source: ARM's location list and the cross-region replication page. Pairs are not symmetric, and new regions have none.
#[rustfmt::skip]
const REGIONS: &[(&str, &str, &str)] = &[
    ("australiacentral", "AustraliaCentral", "australiacentral2"),
    ("australiacentral2", "AustraliaCentral2", "australiacentral"),
    ("australiaeast", "AustraliaEast", "australiasoutheast"),
    ("australiasoutheast", "AustraliaSoutheast", "australiaeast"),
    ("austriaeast", "AustriaEast", ""),
    ("belgiumcentral", "BelgiumCentral", ""),
    ("brazilsouth", "BrazilSouth", "southcentralus"),
    ("brazilsoutheast", "BrazilSoutheast", "brazilsouth"),
    ("canadacentral", "CanadaCentral", "canadaeast"),
    ("canadaeast", "CanadaEast", "canadacentral"),
    ("centralindia", "CentralIndia", "southindia"),
    ("centralus", "CentralUS", "eastus2"),
    ("centraluseuap", "CentralUSEUAP", "eastus2euap"),
    ("chilecentral", "ChileCentral", ""),
    ("denmarkeast", "DenmarkEast", ""),
    ("eastasia", "EastAsia", "southeastasia"),
    ("eastus", "EastUS", "westus"),
    ("eastus2", "EastUS2", "centralus"),
    ("eastus2euap", "EastUS2EUAP", "centraluseuap"),
    ("francecentral", "FranceCentral", "francesouth"),
    ("francesouth", "FranceSouth", "francecentral"),
    ("germanynorth", "GermanyNorth", "germanywestcentral"),
    ("germanywestcentral", "GermanyWestCentral", "germanynorth"),
    ("indonesiacentral", "IndonesiaCentral", ""),
    ("israelcentral", "IsraelCentral", ""),
    ("italynorth", "ItalyNorth", ""),
    ("japaneast", "JapanEast", "japanwest"),
    ("japanwest", "JapanWest", "japaneast"),
    ("jioindiacentral", "JioIndiaCentral", "jioindiawest"),
    ("jioindiawest", "JioIndiaWest", "jioindiacentral"),
    ("koreacentral", "KoreaCentral", "koreasouth"),
    ("koreasouth", "KoreaSouth", "koreacentral"),
    ("malaysiawest", "MalaysiaWest", ""),
    ("mexicocentral", "MexicoCentral", ""),
    ("newzealandnorth", "NewZealandNorth", ""),
    ("northcentralus", "NorthCentralUS", "southcentralus"),
    ("northeurope", "NorthEurope", "westeurope"),
    ("norwayeast", "NorwayEast", "norwaywest"),
    ("norwaywest", "NorwayWest", "norwayeast"),
    ("polandcentral", "PolandCentral", ""),
    ("qatarcentral", "QatarCentral", ""),
    ("southafricanorth", "SouthAfricaNorth", "southafricawest"),
    ("southafricawest", "SouthAfricaWest", "southafricanorth"),
    ("southcentralus", "SouthCentralUS", "northcentralus"),
    ("southeastasia", "SoutheastAsia", "eastasia"),
    ("southindia", "SouthIndia", "centralindia"),
    ("spaincentral", "SpainCentral", ""),
    ("swedencentral", "SwedenCentral", "swedensouth"),
    ("swedensouth", "SwedenSouth", "swedencentral"),
    ("switzerlandnorth", "SwitzerlandNorth", "switzerlandwest"),
    ("switzerlandwest", "SwitzerlandWest", "switzerlandnorth"),
    ("uaecentral", "UAECentral", "uaenorth"),
    ("uaenorth", "UAENorth", "uaecentral"),
    ("uksouth", "UKSouth", "ukwest"),
    ("ukwest", "UKWest", "uksouth"),
    ("westcentralus", "WestCentralUS", "westus2"),
    ("westeurope", "WestEurope", "northeurope"),
    ("westindia", "WestIndia", "southindia"),
    ("westus", "WestUS", "eastus"),
    ("westus2", "WestUS2", "westcentralus"),
    ("westus3", "WestUS3", "eastus"),
    ("usdodcentral", "USDoDCentral", "usdodeast"),
    ("usdodeast", "USDoDEast", "usdodcentral"),
    ("usgovarizona", "USGovArizona", "usgovtexas"),
    ("usgovtexas", "USGovTexas", "usgovarizona"),
    ("usgovvirginia", "USGovVirginia", "usgovtexas"),
    ("chinaeast", "ChinaEast", "chinanorth"),
    ("chinaeast2", "ChinaEast2", "chinanorth2"),
    ("chinaeast3", "ChinaEast3", "chinanorth3"),
    ("chinanorth", "ChinaNorth", "chinaeast"),
    ("chinanorth2", "ChinaNorth2", "chinaeast2"),
    ("chinanorth3", "ChinaNorth3", "chinaeast3"),
];

/// `AzureCloud` tags use an alias for these regions instead of their name.
/// Source: the published service tag file.
const AZURE_CLOUD_ALIASES: &[(&str, &str)] = &[
    ("brazilsoutheast", "brazilse"),
    ("chilecentral", "chilec"),
    ("francecentral", "centralfrance"),
    ("francesouth", "southfrance"),
    ("germanynorth", "germanyn"),
    ("germanywestcentral", "germanywc"),
    ("norwayeast", "norwaye"),
    ("norwaywest", "norwayw"),
    ("switzerlandnorth", "switzerlandn"),
    ("switzerlandwest", "switzerlandw"),
];

/// The name of a region in ARM's form: `West Europe` is `westeurope`.
pub(super) fn normalized(location: &str) -> String {
    location.replace(' ', "").to_ascii_lowercase()
}

/// Refuses a location where there is no region.
pub(super) fn check(location: &str, resource_type: &str) -> Result<(), Refusal> {
    if REGIONS.iter().any(|(name, _, _)| *name == location) {
        return Ok(());
    }
    let names: Vec<_> = REGIONS.iter().map(|(name, _, _)| *name).collect();
    Err(Refusal::gateway(
        400,
        "LocationNotAvailableForResourceType",
        format!(
            "The provided location '{location}' is not available for resource type '{resource_type}'. List of available regions for the resource type is '{}'.",
            names.join(",")
        ),
    ))
}

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, _, _)| *name)
}

/// The region and, if it has one, its pair: what the service fills in as the locations of a Storage service endpoint.
pub(super) fn with_pair(location: &str) -> Vec<&str> {
    let pair = REGIONS
        .iter()
        .find(|(name, _, _)| *name == location)
        .map(|(_, _, pair)| *pair);
    [Some(location), pair.filter(|pair| !pair.is_empty())]
        .into_iter()
        .flatten()
        .collect()
}

/// Whether `suffix` is how a regional service tag spells a region.
pub(super) fn is_tag_suffix(suffix: &str) -> bool {
    REGIONS.iter().any(|(_, spelling, _)| *spelling == suffix)
}

/// Whether `suffix` is how a regional `AzureCloud` tag spells a region.
pub(super) fn is_azure_cloud_suffix(suffix: &str) -> bool {
    let has_alias = |name: &str| AZURE_CLOUD_ALIASES.iter().any(|(region, _)| *region == name);
    AZURE_CLOUD_ALIASES.iter().any(|(_, alias)| *alias == suffix)
        || REGIONS.iter().any(|(name, _, _)| *name == suffix && !has_alias(name))
}
