//! Where Microsoft's examples contradict Microsoft's own documents, themselves, or show what nothing here has.

/// The types of resources that the emulator has, as they stand in a path.
pub(super) const KNOWN: [&str; 23] = [
    "azureFirewalls",
    "connections",
    "connections/sharedkey",
    "firewallPolicies",
    "firewallPolicies/ruleCollectionGroups",
    "ipGroups",
    "localNetworkGateways",
    "locations/serviceTagDetails",
    "locations/serviceTags",
    "natGateways",
    "networkSecurityGroups",
    "networkSecurityGroups/defaultSecurityRules",
    "networkSecurityGroups/securityRules",
    "routeTables",
    "routeTables/routes",
    "serviceEndpointPolicies",
    "serviceEndpointPolicies/serviceEndpointPolicyDefinitions",
    "virtualNetworkGateways",
    "virtualNetworkGateways/connections",
    "virtualNetworks",
    "virtualNetworks/subnets",
    "virtualNetworks/virtualNetworkPeerings",
    "workspaces/outboundNetworkDependenciesEndpoints",
];

/// Requests that the emulator does not know, and why; `*` at the end stands for everything.
pub(super) const NOT_PLAYED: [(&str, &str); 18] = [
    // Packet captures, resets, scripts for devices, what gateways have learned: what people start, not what is created and kept.
    ("POST *", "an action, not a resource"),
    ("* applicationSecurityGroups", "security rules refer to them by id only"),
    ("* firewallPolicies/firewallPolicyDrafts", "drafts are a preview"),
    (
        "* firewallPolicies/ruleCollectionGroups/ruleCollectionGroupDrafts",
        "drafts are a preview",
    ),
    (
        "* firewallPolicies/signatureOverrides",
        "intrusion detection is the policy's owner's",
    ),
    (
        "* virtualNetworkGateways/natRules",
        "gateways are there to be connected",
    ),
    ("GET azureFirewallFqdnTags", "a list that Microsoft publishes"),
    ("GET locations/CheckDnsNameAvailability", "public addresses"),
    (
        "GET locations/availableServiceAliases",
        "a list that Microsoft publishes",
    ),
    ("GET locations/usages", "a region's counts"),
    (
        "GET locations/virtualNetworkAvailableEndpointServices",
        "a list that Microsoft publishes",
    ),
    ("GET operations", "a list that Microsoft publishes"),
    (
        "GET virtualNetworks/CheckIPAddressAvailability",
        "nothing here has network interfaces",
    ),
    ("GET virtualNetworks/usages", "nothing here has network interfaces"),
    (
        "GET virtualNetworks/subnets/ResourceNavigationLinks",
        "services that move into a subnet",
    ),
    (
        "GET virtualNetworks/subnets/ServiceAssociationLinks",
        "services that move into a subnet",
    ),
    ("GET workspaces", "of workspaces only what they talk to"),
    ("PUT workspaces", "of workspaces only what they talk to"),
];

/// Mistakes that nobody could answer to: placeholders for regions and addresses, two subnets in one place.
pub(super) const MENDED: [(&str, &str); 5] = [
    (r#""loc1""#, r#""westus""#),
    (r#""loc2""#, r#""westus""#),
    ("x.x.x.x", "198.51.100.7"),
    (
        r#""name":"subnet2","properties":{"addressPrefix":"10.0.0.0/16""#,
        r#""name":"subnet2","properties":{"addressPrefix":"10.0.2.0/24""#,
    ),
    (r#""addressPrefix":"10.0.0.0/16""#, r#""addressPrefix":"10.0.1.0/24""#),
];

/// What an example shows although the emulator refuses to write it, as other documents of Microsoft say: the code, and the property.
pub(super) const SHOWN_ALL_THE_SAME: [(&str, &str); 7] = [
    ("FirewallPolicyNetworkRuleFqdnNeedsDnsProxy", "networkRuleCollections"),
    ("FirewallPolicyPriorityOutOfRange", "ruleCollections"),
    ("LinkedInvalidPropertyId", "applicationRuleCollections"),
    ("LinkedInvalidPropertyId", "natRuleCollections"),
    ("LinkedInvalidPropertyId", "networkRuleCollections"),
    ("LinkedInvalidPropertyId", "ruleCollections"),
    ("LocalNetworkGatewayFqdnAndIpAddress", "fqdn"),
];

/// What recorded traffic has and the description does not know.
pub(super) const RECORDED: [&str; 2] = ["packetCaptureDiagnosticState", "routeServiceVips"];

/// Examples whose answer shows what their request did not say.
pub(super) const INCONSISTENT: [&str; 8] = [
    // Their ids are empty.
    "VirtualNetworkGatewayConnectionGetSharedKey",
    "VirtualNetworkGatewayConnectionSetSharedKey",
    "FirewallPolicyPut",
    "IpGroupsCreate",
    "SubnetCreateWithDelegation",
    "SubnetCreateWithSharingScope",
    // They show subnet names that an earlier example set.
    "VirtualNetworkSubnetPeeringSync",
    "VirtualNetworkV6SubnetPeeringSync",
];

/// Examples of what other documents of Microsoft say is refused, with the code here.
pub(super) const REFUSED: [(&str, &str); 9] = [
    // A host in a network rule needs a DNS proxy: firewall/fqdn-filtering-network-rules.
    ("AzureFirewallPut", "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy"),
    (
        "AzureFirewallPutWithAdditionalProperties",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithIpGroups",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithMgmtSubnet",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithZones",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    // A collection without a priority: firewall-manager/rule-processing.
    (
        "FirewallPolicyRuleCollectionGroupWithHttpHeadersToInsert",
        "FirewallPolicyPriorityOutOfRange",
    ),
    (
        "FirewallPolicyRuleCollectionGroupWithIpGroupsPut",
        "FirewallPolicyPriorityOutOfRange",
    ),
    (
        "FirewallPolicyRuleCollectionGroupWithWebCategoriesPut",
        "FirewallPolicyPriorityOutOfRange",
    ),
    // An address and a name for one gateway: vpn-gateway/vpn-gateway-faq.
    ("LocalNetworkGatewayCreate", "LocalNetworkGatewayFqdnAndIpAddress"),
];

/// What the service adds in the examples and the emulator does not: what other resources or a region bring along, and a default
/// that no recording shows.
pub(super) const NOT_SHOWN: [&str; 18] = [
    ".ipGroups[].changeNumber: text",
    ".firewalls[].id: text",
    ".flushConnection: bool",
    ".ipConfigurations: list",
    ".ipConfigurations[].id: text",
    ".purpose: text",
    ".regionalCommunity: text",
    ".resourceNavigationLinks: list",
    ".size: text",
    ".virtualNetworkCommunity: text",
    ".remoteVirtualNetworkEncryption.enabled: bool",
    ".remoteVirtualNetworkEncryption.enforcement: text",
    ".hubIPAddresses.privateIPAddress: text",
    ".hubIPAddresses.publicIPs.addresses[].address: text",
    // The own network's, as far as they are peered.
    ".localAddressSpace.addressPrefixes: list",
    ".localAddressSpace.addressPrefixes[]: text",
    ".localVirtualNetworkAddressSpace.addressPrefixes: list",
    ".localVirtualNetworkAddressSpace.addressPrefixes[]: text",
];

/// What services leave in a subnet that they live in: nothing here does.
pub(super) const OF_SERVICES: [&str; 3] = [
    ".ipConfigurationProfiles",
    ".resourceNavigationLinks",
    ".serviceAssociationLinks",
];

/// Whether an entry such as `GET operations`, `* natGateways` or `POST *` is about these requests.
pub(super) fn is_about(entry: &str, method: &str, types: &str) -> bool {
    let (wanted_method, wanted_types) = entry.split_once(' ').unwrap();
    (wanted_method == "*" || wanted_method.eq_ignore_ascii_case(method))
        && (wanted_types == "*" || wanted_types == types)
}
