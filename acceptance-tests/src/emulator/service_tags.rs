//! The service tags that Azure knows.

use super::regions;

/// What a tag stands for inside a virtual network; security rules accept them, routes do not. Azure ignores their case.
const PLATFORM: [&str; 6] = [
    "VirtualNetwork",
    "AzureLoadBalancer",
    "Internet",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
];

/// Tags with published prefixes. Source: the service tag files of the three clouds.
#[rustfmt::skip]
const SERVICES: &[&str] = &[
    "ActionGroup", "ApiManagement", "AppConfiguration", "AppService", "AppServiceManagement",
    "ApplicationInsightsAvailability", "AutonomousDevelopmentPlatform", "AzureActiveDirectory",
    "AzureActiveDirectoryDomainServices", "AzureAdvancedThreatProtection", "AzureArcInfrastructure",
    "AzureAttestation", "AzureBackup", "AzureBotService", "AzureCloud", "AzureCognitiveSearch", "AzureConnectors",
    "AzureContainerRegistry", "AzureCosmosDB", "AzureDataExplorerManagement", "AzureDatabricks", "AzureDevOps",
    "AzureDevSpaces", "AzureDeviceUpdate", "AzureDigitalTwins", "AzureEventGrid", "AzureFrontDoor.Backend",
    "AzureFrontDoor.FirstParty", "AzureFrontDoor.Frontend", "AzureHealthcareAPIs", "AzureInformationProtection",
    "AzureIoTHub", "AzureKeyVault", "AzureLoadTestingInstanceManagement", "AzureMachineLearning",
    "AzureMachineLearningInference", "AzureManagedGrafana", "AzureMonitor", "AzureOpenDatasets", "AzurePortal",
    "AzureResourceManager", "AzureSecurityCenter", "AzureSentinel", "AzureSignalR", "AzureSiteRecovery",
    "AzureSphere", "AzureSpringCloud", "AzureStack", "AzureTrafficManager", "AzureUpdateDelivery", "AzureWebPubSub",
    "BatchNodeManagement", "ChaosStudio", "CognitiveServicesFrontend", "CognitiveServicesManagement", "DataFactory",
    "DataFactoryManagement", "Dynamics365BusinessCentral", "Dynamics365ForMarketingEmail", "EOPExternalPublishedIPs",
    "EventHub", "GatewayManager", "GuestAndHybridManagement", "HDInsight", "KustoAnalytics", "LogicApps",
    "LogicAppsManagement", "M365ManagementActivityApi", "M365ManagementActivityApiWebhook", "Marketplace",
    "MicrosoftAzureFluidRelay", "MicrosoftCloudAppSecurity", "MicrosoftContainerRegistry",
    "MicrosoftDefenderForEndpoint", "MicrosoftPurviewPolicyDistribution", "OneDsCollector", "PowerBI",
    "PowerPlatformInfra", "PowerPlatformPlex", "PowerQueryOnline", "SCCservice", "Scuba", "SerialConsole",
    "ServiceBus", "ServiceFabric", "Sql", "SqlManagement", "Storage", "StorageMover", "StorageSyncService",
    "VideoIndexer", "WindowsAdminCenter", "WindowsVirtualDesktop",
];

/// Tags that also exist per region, as `Storage.WestEurope`. Source: service-tags-overview.md, "Can be regional?".
const REGIONAL: [&str; 15] = [
    "ApiManagement",
    "AppService",
    "AzureCloud",
    "AzureConnectors",
    "AzureContainerRegistry",
    "AzureCosmosDB",
    "AzureKeyVault",
    "BatchNodeManagement",
    "DataFactory",
    "EventHub",
    "HDInsight",
    "MicrosoftContainerRegistry",
    "ServiceBus",
    "Sql",
    "Storage",
];

/// A tag that a route may name as its prefix.
pub(super) fn is_service(tag: &str) -> bool {
    if SERVICES.contains(&tag) {
        return true;
    }
    match tag.split_once('.') {
        Some(("AzureCloud", region)) => regions::is_azure_cloud_suffix(region),
        Some((service, region)) => REGIONAL.contains(&service) && regions::is_tag_suffix(region),
        None => false,
    }
}

/// A tag that a security rule may name.
pub(super) fn is_known(tag: &str) -> bool {
    PLATFORM.iter().any(|platform| platform.eq_ignore_ascii_case(tag)) || is_service(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_tags_in_the_spelling_of_the_files() {
        for tag in [
            "Storage",
            "Storage.WestEurope",
            "AzureCloud.centralfrance",
            "AzureCloud.westeurope",
            "Sql.USGovVirginia",
        ] {
            assert!(is_service(tag), "{tag}");
        }
        assert!(is_known("VIRTUALNETWORK") && !is_service("VirtualNetwork"));
        let unknown = [
            "ContainerRegistry",
            "Keyvault",
            "AzureFrontDoor.FrontEnd",
            "AzureActiveDirectory.WestEurope",
            "Storage.westeurope",
            "Storage.Westeurope",
            "AzureCloud.WestEurope",
            "AzureCloud.francecentral",
            "",
            "*",
        ];
        for tag in unknown {
            assert!(!is_known(tag), "{tag}");
        }
    }
}
