//! Which service tags exist, per cloud and region: for checks where no service tag file is at hand.
//!
//! Sources: the service tag files of the public cloud (change 376, 2025-11-10), US Government (change 401, 2026-07-19) and China
//! (change 401, 2026-06-22); service-tags-overview for the tags without published addresses. A regional form counts when its entry
//! announces use in network security groups: `AzureMachineLearning.WestEurope` is a list of addresses in the file and no tag that
//! Azure accepts. Regional entries for no region that ARM lists (`Storage.EastUS2Stage`) are left out.
//!
//! Azure grows faster than this table: what is missing here may exist.

use crate::regions::{Cloud, Region, regions, turned};

/// How far a tag reaches in one cloud.
#[derive(Clone, Copy, Debug)]
enum Scope {
    /// The cloud does not have it.
    Absent,
    /// Its addresses are published, but no rule can name it.
    Listed,
    /// For the whole cloud.
    Global,
    /// Also for every region that has tags.
    Regional,
    /// Also for regions, but not for these.
    Except(&'static [&'static str]),
    /// Also for these regions.
    Only(&'static [&'static str]),
}

/// What a tag stands for depends on the virtual network or the host, so that no file lists it. For security rules only.
static WITHOUT_ADDRESSES: [&str; 6] = [
    "VirtualNetwork",
    "AzureLoadBalancer",
    "Internet",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
];

/// Announced in China for the API and security rules, and neither for routes nor for firewalls (file of change 401).
static SECURITY_RULES_ONLY_IN_CHINA: [&str; 14] = [
    "AzureArcInfrastructure",
    "AzureCloud",
    "AzureContainerRegistry",
    "AzureDatabricks",
    "AzureKeyVault",
    "AzureMonitor",
    "AzureTrafficManager",
    "BatchNodeManagement",
    "EventHub",
    "GatewayManager",
    "HDInsight",
    "MicrosoftContainerRegistry",
    "ServiceBus",
    "Storage",
];

/// The same of their regional forms in the other clouds (files of changes 376 and 401), where the tag of the whole cloud is announced for both.
/// `AzureCloud` is in no list of theirs: the documents of Azure Kubernetes Service name it for a firewall.
static REGIONAL_FORMS_FOR_SECURITY_RULES_ONLY: [&str; 4] =
    ["AzureMonitor", "BatchNodeManagement", "GatewayManager", "ServiceBus"];

/// Whether Microsoft announces `tag`, or the tag it is a regional form of, neither for routes nor for firewalls of `cloud`.
pub fn is_for_security_rules_only(tag: &str, cloud: Cloud) -> bool {
    let rest_behind = |name: &&str| tag.strip_prefix(*name);
    match cloud {
        Cloud::China => SECURITY_RULES_ONLY_IN_CHINA
            .iter()
            .filter_map(rest_behind)
            .any(|rest| rest.is_empty() || rest.starts_with('.')),
        Cloud::Public | Cloud::UsGovernment => {
            REGIONAL_FORMS_FOR_SECURITY_RULES_ONLY
                .iter()
                .filter_map(rest_behind)
                .any(|rest| rest.starts_with('.'))
                && exists(tag, cloud)
                && tag != "AzureMonitor.Core"
        }
    }
}

/// What stands behind the dot of the regional form of `tag`. `AzureCloud` has names of its own for some regions.
pub fn suffix(tag: &str, region: &Region) -> Option<&'static str> {
    if tag == "AzureCloud" {
        region.azure_cloud_suffix
    } else {
        region.tag_suffix
    }
}

/// Whether a rule can name `tag` in `cloud`: a tag of the whole cloud or a regional one, in the spelling Microsoft publishes.
pub fn exists(tag: &str, cloud: Cloud) -> bool {
    if WITHOUT_ADDRESSES.contains(&tag) {
        return true;
    }
    match scope(tag, cloud) {
        Some(scope) => !matches!(scope, Scope::Absent | Scope::Listed),
        None => tag
            .rsplit_once('.')
            .is_some_and(|(base, suffix)| has_region(base, suffix, cloud)),
    }
}

/// The same whatever the case: Azure compares tags without it.
pub fn exists_in_any_case(tag: &str, cloud: Cloud) -> bool {
    exists(tag, cloud) || names(cloud).any(|name| name.eq_ignore_ascii_case(tag))
}

/// The tag of `cloud` that is most likely meant.
pub fn nearest(given: &str, cloud: Cloud) -> Option<String> {
    of_region(given, cloud).or_else(|| nearest_of(given, names(cloud)))
}

/// The tag for the region whose name stands behind the dot, `AzureCloud.norwayeast` for `AzureCloud.norwaye`; without a region where it has
/// no regional form. The words of the name may come in the other order: a document writes `uswest` for `westus`.
fn of_region(given: &str, cloud: Cloud) -> Option<String> {
    let (base, place) = given.rsplit_once('.')?;
    let place = place.to_ascii_lowercase();
    let region = regions(cloud)
        .find(|region| region.name == place)
        .or_else(|| turned(&place, cloud))?;
    let base = nearest_of(base, TAGS.iter().map(|(name, _)| *name))?;
    let regional = suffix(base, region).map(|suffix| format!("{base}.{suffix}"));
    let forms = regional.into_iter().chain([base.to_owned()]);
    forms.into_iter().find(|form| exists(form, cloud))
}

/// The nearest of these names. The documents write `Keyvault` and `Frontdoor.FirstParty` for tags that begin with `Azure`.
pub(super) fn nearest_of<N: AsRef<str> + Ord>(given: &str, names: impl Iterator<Item = N>) -> Option<N> {
    let bare = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("azure").map_or_else(|| name.clone(), str::to_owned)
    };
    let given = bare(given);
    names
        .map(|name| (strsim::damerau_levenshtein(&bare(name.as_ref()), &given), name))
        .filter(|(distance, name)| *distance <= name.as_ref().len().div_ceil(4))
        .min()
        .map(|(_, name)| name)
}

/// Every tag that a rule of `cloud` can name, regional forms too.
fn names(cloud: Cloud) -> impl Iterator<Item = String> {
    let forms = move |name: &'static str| {
        let regional = regions(cloud).filter_map(move |region| suffix(name, region));
        let regional = regional.map(move |suffix| format!("{name}.{suffix}"));
        std::iter::once(name.to_owned()).chain(regional)
    };
    let tags = TAGS.iter().map(|(name, _)| *name).chain(WITHOUT_ADDRESSES);
    tags.flat_map(forms).filter(move |name| exists(name, cloud))
}

/// The clouds that publish addresses for a tag of the whole cloud, whatever its case.
pub fn clouds(tag: &str) -> Vec<Cloud> {
    let Some((name, _)) = TAGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag)) else {
        return Vec::new();
    };
    Cloud::ALL
        .into_iter()
        .filter(|cloud| !matches!(scope(name, *cloud), None | Some(Scope::Absent)))
        .collect()
}

/// The tag of this name, whatever its case, if it is one of those without published addresses.
pub fn without_addresses(tag: &str) -> Option<&'static str> {
    WITHOUT_ADDRESSES
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(tag))
}

fn scope(tag: &str, cloud: Cloud) -> Option<Scope> {
    let (_, [public, us_government, china]) = TAGS.iter().find(|(name, _)| *name == tag)?;
    Some(match cloud {
        Cloud::Public => *public,
        Cloud::UsGovernment => *us_government,
        Cloud::China => *china,
    })
}

fn has_region(tag: &str, wanted: &str, cloud: Cloud) -> bool {
    let is_suffix = || regions(cloud).any(|region| suffix(tag, region) == Some(wanted));
    match scope(tag, cloud) {
        Some(Scope::Regional) => is_suffix(),
        Some(Scope::Except(missing)) => is_suffix() && !missing.contains(&wanted),
        Some(Scope::Only(present)) => present.contains(&wanted),
        Some(Scope::Absent | Scope::Listed | Scope::Global) | None => false,
    }
}

use Scope::{Absent as A, Except, Global as G, Listed as L, Only, Regional as R};

/// By name: public, US Government, China.
#[rustfmt::skip]
static TAGS: &[(&str, [Scope; 3])] = &[
    ("ActionGroup", [G, G, L]),
    ("ApiManagement", [R, R, R]),
    ("AppConfiguration", [G, G, L]),
    ("AppService", [R, R, R]),
    ("AppServiceManagement", [Except(&["CentralUSEUAP"]), Only(&["USGovVirginia"]), Except(&["ChinaNorth"])]),
    ("ApplicationInsightsAvailability", [G, G, L]),
    ("AutonomousDevelopmentPlatform", [G, A, G]),
    ("AzureActiveDirectory", [G, G, G]),
    ("AzureActiveDirectory.ServiceEndpoint", [L, L, L]),
    ("AzureActiveDirectoryDomainServices", [G, G, G]),
    ("AzureAdvancedThreatProtection", [G, G, L]),
    ("AzureArcInfrastructure", [G, G, G]),
    ("AzureAttestation", [G, G, G]),
    ("AzureBackup", [G, G, G]),
    ("AzureBotService", [G, G, G]),
    ("AzureCloud", [R, R, R]),
    ("AzureCognitiveSearch", [G, G, L]),
    ("AzureConnectors", [R, R, R]),
    ("AzureContainerRegistry", [R, R, R]),
    ("AzureCosmosDB", [R, R, R]),
    ("AzureDataExplorerManagement", [G, G, G]),
    ("AzureDataLake", [G, A, A]),
    ("AzureDatabricks", [G, G, G]),
    ("AzureDevOps", [G, A, A]),
    ("AzureDevSpaces", [G, A, A]),
    ("AzureDeviceUpdate", [G, A, A]),
    ("AzureDigitalTwins", [G, G, G]),
    ("AzureEventGrid", [G, G, G]),
    ("AzureFrontDoor.Backend", [G, G, G]),
    ("AzureFrontDoor.FirstParty", [G, A, A]),
    ("AzureFrontDoor.Frontend", [G, G, G]),
    ("AzureFrontDoor.MicrosoftSecurity", [G, G, A]),
    ("AzureHealthcareAPIs", [G, G, G]),
    ("AzureInformationProtection", [G, G, G]),
    ("AzureIoTHub", [G, G, G]),
    ("AzureKeyVault", [R, R, R]),
    ("AzureLoadTestingInstanceManagement", [G, A, A]),
    ("AzureMachineLearning", [G, G, G]),
    ("AzureMachineLearningInference", [G, G, G]),
    ("AzureManagedGrafana", [G, G, G]),
    ("AzureMonitor", [R, R, R]),
    ("AzureMonitor.Core", [G, G, G]),
    ("AzureMonitorForSAP", [G, G, A]),
    ("AzureOpenDatasets", [G, A, A]),
    ("AzurePortal", [G, G, G]),
    ("AzureResourceManager", [G, G, G]),
    ("AzureSecurityCenter", [G, G, G]),
    ("AzureSentinel", [G, G, G]),
    ("AzureSignalR", [G, G, G]),
    ("AzureSiteRecovery", [G, G, G]),
    ("AzureSphere", [G, A, A]),
    ("AzureSpringCloud", [G, G, G]),
    ("AzureStack", [G, G, G]),
    ("AzureTrafficManager", [G, G, G]),
    ("AzureUpdateDelivery", [G, A, A]),
    ("AzureWebPubSub", [G, G, G]),
    ("BatchNodeManagement", [Except(&["AustraliaCentral2"]), R, R]),
    ("ChaosStudio", [G, A, A]),
    ("CognitiveServicesFrontend", [G, G, G]),
    ("CognitiveServicesManagement", [G, G, G]),
    ("DataFactory", [Except(&["AustraliaCentral", "AustraliaCentral2", "SouthCentralUSSTG"]), R, R]),
    ("DataFactoryManagement", [G, G, G]),
    ("Dynamics365BusinessCentral", [G, A, A]),
    ("Dynamics365ForMarketingEmail", [Only(&["AustraliaSoutheast", "BrazilSouth", "CanadaCentral", "CentralIndia",
        "EastAsia", "FranceCentral", "JapanEast", "NorthEurope", "SouthAfricaNorth", "UAENorth", "UKSouth", "WestUS2"]), G,
        G]),
    ("EOPExternalPublishedIPs", [G, G, G]),
    ("EventHub", [R, R, R]),
    ("GatewayManager", [R, R, Only(&["ChinaEast3", "ChinaNorth3"])]),
    ("Grafana", [G, A, A]),
    ("GuestAndHybridManagement", [G, G, G]),
    ("HDInsight", [Except(&["AustraliaCentral2", "WestIndia"]), R, R]),
    ("KustoAnalytics", [G, G, G]),
    ("LogicApps", [G, G, L]),
    ("LogicAppsManagement", [G, G, L]),
    ("M365ManagementActivityApi", [G, G, G]),
    ("M365ManagementActivityApiWebhook", [G, G, G]),
    ("Marketplace", [G, G, G]),
    ("MicrosoftAzureFluidRelay", [G, G, G]),
    ("MicrosoftCloudAppSecurity", [G, G, L]),
    ("MicrosoftContainerRegistry", [Except(&["AustraliaCentral", "AustraliaCentral2"]), R, R]),
    ("MicrosoftDefenderForEndpoint", [G, G, A]),
    ("MicrosoftPurviewPolicyDistribution", [G, G, G]),
    ("OneDsCollector", [G, G, G]),
    ("PowerBI", [Except(&["SouthCentralUSSTG"]), R, R]),
    ("PowerPlatformInfra", [Except(&["AustraliaCentral", "AustraliaCentral2", "AustriaEast", "BelgiumCentral",
        "CentralUSEUAP", "ChileCentral", "EastUS2EUAP", "EastUSSTG", "IsraelNorthwest", "JioIndiaCentral", "JioIndiaWest",
        "MalaysiaSouth", "MalaysiaWest", "MexicoCentral", "NorthCentralUS", "SouthCentralUS2", "SouthCentralUSSTG",
        "SoutheastUS", "SoutheastUS3", "SwedenSouth", "TaiwanNorth", "TaiwanNorthwest", "WestIndia", "WestUS3"]),
        Except(&["USGovArizona"]), Except(&["ChinaEast", "ChinaNorth"])]),
    ("PowerPlatformPlex", [Except(&["AustraliaCentral", "AustraliaCentral2", "AustriaEast", "BelgiumCentral",
        "CentralUSEUAP", "ChileCentral", "EastUS2EUAP", "EastUSSTG", "IsraelNorthwest", "JioIndiaCentral", "JioIndiaWest",
        "MalaysiaSouth", "MalaysiaWest", "MexicoCentral", "NorthCentralUS", "SouthCentralUS2", "SouthCentralUSSTG",
        "SoutheastUS", "SoutheastUS3", "SwedenSouth", "TaiwanNorth", "TaiwanNorthwest", "WestCentralUS", "WestIndia",
        "WestUS2", "WestUS3"]), Except(&["USGovArizona"]), Except(&["ChinaEast", "ChinaNorth"])]),
    ("PowerQueryOnline", [G, G, L]),
    ("SCCservice", [G, G, G]),
    ("Scuba", [G, G, G]),
    ("SecurityCopilot", [G, A, A]),
    ("SerialConsole", [G, G, G]),
    ("ServiceBus", [R, R, R]),
    ("ServiceFabric", [G, G, G]),
    ("Sql", [R, R, R]),
    ("SqlManagement", [G, G, G]),
    ("Storage", [R, R, R]),
    ("StorageMover", [G, G, A]),
    ("StorageSyncService", [G, G, L]),
    ("SystemServiceAzureSpringAppsResourceProvider", [A, G, G]),
    ("VideoIndexer", [G, G, A]),
    ("WindowsAdminCenter", [G, G, G]),
    ("WindowsVirtualDesktop", [G, G, G]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn existing(tags: &[&'static str], cloud: Cloud) -> Vec<&'static str> {
        tags.iter().copied().filter(|tag| exists(tag, cloud)).collect()
    }

    #[test]
    fn the_documents_spellings_are_no_tags() {
        let documents = [
            "ContainerRegistry",
            "Keyvault",
            "Frontdoor.FirstParty",
            "AzureFrontDoor.FrontEnd",
            "",
            "Storage.",
        ];
        for cloud in Cloud::ALL {
            assert_eq!(existing(&documents, cloud), [""; 0]);
        }
        let azure = [
            "AzureContainerRegistry",
            "AzureKeyVault",
            "AzureFrontDoor.FirstParty",
            "AzureFrontDoor.Frontend",
        ];
        assert_eq!(existing(&azure, Cloud::Public), azure);
    }

    #[test]
    fn first_party_front_door_is_in_the_public_cloud_only() {
        assert_eq!(clouds("azurefrontdoor.firstparty"), [Cloud::Public]);
        assert!(!exists("AzureFrontDoor.FirstParty", Cloud::China));
    }

    #[test]
    fn the_tag_that_was_meant_is_named() {
        let cases = [
            ("ContainerRegistry.WestEurope", "AzureContainerRegistry.WestEurope"),
            ("Keyvault.westeurope", "AzureKeyVault.WestEurope"),
            ("AzureCloud.norwayeast", "AzureCloud.norwaye"),
            ("BatchNodeManagement.uswest", "BatchNodeManagement.WestUS"),
            ("AzureMachineLearning.WestEurope", "AzureMachineLearning"),
            ("Storge", "Storage"),
        ];
        for (given, meant) in cases {
            assert_eq!(nearest(given, Cloud::Public).as_deref(), Some(meant), "{given}");
        }
        assert_eq!(nearest("login.microsoftonline.com", Cloud::Public), None);
    }

    #[test]
    fn regional_forms_are_not_uniform() {
        let forms = [
            "Storage.WestEurope",
            "Storage.ChinaEast2",
            "BatchNodeManagement.WestEurope",
            "BatchNodeManagement.AustraliaCentral2",
            "AzureMachineLearning.WestEurope",
            "AzureActiveDirectory.WestEurope",
            "AzureCloud.norwaye",
            "AzureCloud.norwayeast",
            "Storage.DenmarkEast",
        ];
        let public = [
            "Storage.WestEurope",
            "BatchNodeManagement.WestEurope",
            "AzureCloud.norwaye",
        ];
        assert_eq!(existing(&forms, Cloud::Public), public);
        assert_eq!(existing(&forms, Cloud::China), ["Storage.ChinaEast2"]);
    }

    #[test]
    fn some_tags_are_announced_for_security_rules_alone() {
        let only = is_for_security_rules_only;
        assert!(only("BatchNodeManagement.WestEurope", Cloud::Public));
        assert!(only("BatchNodeManagement.USGovVirginia", Cloud::UsGovernment));
        assert!(only("BatchNodeManagement", Cloud::China) && only("Storage.ChinaEast2", Cloud::China));
        for both in ["BatchNodeManagement", "Storage.WestEurope", "AzureMonitor.Core"] {
            assert!(!only(both, Cloud::Public), "{both}");
        }
    }

    #[test]
    fn exceptions_name_regions_that_have_tags() {
        for (name, scopes) in TAGS {
            for (scope, cloud) in scopes.iter().zip(Cloud::ALL) {
                let (Scope::Except(named) | Scope::Only(named)) = scope else {
                    continue;
                };
                for wanted in *named {
                    assert!(
                        regions(cloud).any(|region| suffix(name, region) == Some(wanted)),
                        "{name}.{wanted}"
                    );
                }
            }
        }
    }
}
