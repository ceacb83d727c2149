//! What Azure refuses: one row per refusal, body and code.

use acceptance_tests::emulator::Options;
use serde_json::{Value, json};

use crate::client::{Setting, nsg, rule, subnet};

const VNET: &str = "virtualNetworks/vnet";
const SUBNET: &str = "virtualNetworks/vnet/subnets/one";

/// Every body must be refused with its code and leave nothing behind.
fn assert_refused(setting: &Setting, resource: &str, rows: &[(&str, Value, &str)]) {
    for (what, body, code) in rows {
        let before = setting.emulator.ids();
        let reply = setting.put(resource, body);
        assert_eq!(reply.code(), *code, "{what}: {}", reply.body);
        assert!((400..500).contains(&reply.status), "{what}");
        assert_eq!(setting.emulator.ids(), before, "{what}");
    }
}

fn accepted(setting: &Setting, resource: &str, what: &str, body: &Value) {
    let reply = setting.put(resource, body);
    assert!(reply.status < 300, "{what}: {}", reply.body);
    setting.wait(&reply);
    setting.emulator.remove(&setting.id(resource));
}

#[test]
fn security_rules() {
    let setting = Setting::new();
    let unreadable = "InvalidRequestFormat";
    let rows: Vec<(&str, Value, &str)> = [
        (
            "priority below",
            json!({ "priority": 99 }),
            "SecurityRuleInvalidPriority",
        ),
        (
            "priority above",
            json!({ "priority": 4097 }),
            "SecurityRuleInvalidPriority",
        ),
        (
            "no priority",
            json!({ "priority": null }),
            "SecurityRuleInvalidPriority",
        ),
        ("priority as text", json!({ "priority": "100" }), unreadable),
        ("protocol", json!({ "protocol": "Sctp" }), unreadable),
        ("direction", json!({ "direction": "Sideways" }), unreadable),
        ("access", json!({ "access": "Maybe" }), unreadable),
        ("no access", json!({ "access": null }), "SecurityRuleParametersMissing"),
        ("misspelt property", json!({ "sourceAdressPrefix": "*" }), unreadable),
        (
            "description",
            json!({ "description": "x".repeat(141) }),
            "SecurityRuleInvalidDescription",
        ),
        (
            "port too high",
            json!({ "destinationPortRange": "65536" }),
            "SecurityRuleInvalidPortRange",
        ),
        (
            "port range backwards",
            json!({ "destinationPortRange": "90-80" }),
            "SecurityRuleInvalidPortRange",
        ),
        (
            "two ports in one",
            json!({ "destinationPortRange": "80,443" }),
            "SecurityRuleInvalidPortRange",
        ),
        (
            "port with a sign",
            json!({ "destinationPortRange": "+80" }),
            "SecurityRuleInvalidPortRange",
        ),
        ("port as number", json!({ "destinationPortRange": 80 }), unreadable),
        (
            "port range missing",
            json!({ "sourcePortRange": null }),
            "SecurityRuleParametersMissing",
        ),
        (
            "port twice",
            json!({ "destinationPortRanges": ["80"] }),
            "SecurityRuleParametersConflict",
        ),
        (
            "star among ports",
            json!({ "destinationPortRange": null, "destinationPortRanges": ["80", "*"] }),
            "SecurityRuleParameterContainsInvalidPortRanges",
        ),
        (
            "no address",
            json!({ "sourceAddressPrefix": "" }),
            "SecurityRuleParametersMissing",
        ),
        (
            "address twice",
            json!({ "sourceAddressPrefixes": ["10.0.0.1"] }),
            "SecurityRuleParametersConflict",
        ),
        (
            "address and group",
            json!({ "sourceApplicationSecurityGroups": [{ "id": "x" }] }),
            "SecurityRuleParametersConflict",
        ),
        (
            "prefixes within each other",
            json!({ "sourceAddressPrefix": null, "sourceAddressPrefixes": ["10.0.1.0/24", "10.0.1.128/25"] }),
            "OverlappingSubnetsNotPermittedInSecurityRule",
        ),
        (
            "address within a prefix",
            json!({ "destinationAddressPrefix": null, "destinationAddressPrefixes": ["10.0.1.4", "10.0.0.0/16"] }),
            "OverlappingSubnetsNotPermittedInSecurityRule",
        ),
        (
            "unknown tag",
            json!({ "destinationAddressPrefix": "Storagee" }),
            "SecurityRuleInvalidAddressPrefix",
        ),
        (
            "unknown region",
            json!({ "destinationAddressPrefix": "Storage.Mars" }),
            "SecurityRuleInvalidAddressPrefix",
        ),
        (
            "tag that is not regional",
            json!({ "destinationAddressPrefix": "AzureActiveDirectory.WestEurope" }),
            "SecurityRuleInvalidAddressPrefix",
        ),
        (
            "host bits",
            json!({ "sourceAddressPrefix": "10.0.0.1/28" }),
            "SecurityRuleInvalidAddressPrefix",
        ),
        (
            "two addresses in one",
            json!({ "sourceAddressPrefix": "10.0.0.1,10.0.0.2" }),
            "SecurityRuleInvalidAddressPrefix",
        ),
        (
            "tag among prefixes",
            json!({ "destinationAddressPrefix": null, "destinationAddressPrefixes": ["Storage"] }),
            "SecurityRuleParameterContainsUnsupportedValue",
        ),
        (
            "star among prefixes",
            json!({ "sourceAddressPrefix": null, "sourceAddressPrefixes": ["*"] }),
            "SecurityRuleParameterContainsUnsupportedValue",
        ),
        (
            "two families",
            json!({ "destinationAddressPrefix": "fd00::/64" }),
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
        ),
    ]
    .into_iter()
    .map(|(what, changes, code)| (what, nsg(&[rule("one", &changes)]), code))
    .collect();
    assert_refused(&setting, "networkSecurityGroups/nsg", &rows);

    for (what, changes) in [
        (
            "the limits",
            json!({ "priority": 4096, "description": "x".repeat(140), "destinationPortRange": "0-65535" }),
        ),
        (
            "any",
            json!({ "sourceAddressPrefix": "*", "destinationPortRange": "*", "protocol": "*" }),
        ),
        (
            "platform tags",
            json!({ "sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefix": "AzureLoadBalancer" }),
        ),
        (
            "an alias",
            json!({ "destinationAddressPrefix": "AzureCloud.switzerlandn" }),
        ),
        ("an address", json!({ "destinationAddressPrefix": "10.0.0.1" })),
        (
            "prefixes beside each other",
            json!({ "sourceAddressPrefix": null, "sourceAddressPrefixes": ["10.0.1.0/25", "10.0.1.128/25"] }),
        ),
        (
            "IPv6",
            json!({ "sourceAddressPrefix": "*", "destinationAddressPrefix": "2001:db8::/32" }),
        ),
    ] {
        accepted(
            &setting,
            "networkSecurityGroups/nsg",
            what,
            &nsg(&[rule("one", &changes)]),
        );
    }
}

#[test]
fn network_security_groups() {
    let setting = Setting::new();
    let numbered = |number: u32| rule(&format!("rule-{number}"), &json!({ "priority": 100 + number }));
    let mut misplaced = rule("one", &json!({}));
    misplaced["priority"] = json!(100);
    let located = |location: Value| {
        let mut body = nsg(&[]);
        body["location"] = location;
        body
    };
    let tags = |tags: Value| json!({ "location": "westeurope", "tags": tags });
    let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!(""))).collect();
    let rows = [
        (
            "same slot",
            nsg(&[rule("one", &json!({})), rule("two", &json!({}))]),
            "SecurityRuleConflict",
        ),
        (
            "same name",
            nsg(&[rule("one", &json!({})), rule("ONE", &json!({ "priority": 200 }))]),
            "InvalidRequestFormat",
        ),
        ("rule name", nsg(&[rule("one!", &json!({}))]), "InvalidResourceName"),
        (
            "rule name's end",
            nsg(&[rule("one-", &json!({}))]),
            "InvalidResourceName",
        ),
        (
            "rule name's length",
            nsg(&[rule(&"x".repeat(81), &json!({}))]),
            "InvalidResourceName",
        ),
        (
            "nameless rule",
            nsg(&[json!({ "properties": {} })]),
            "InvalidRequestFormat",
        ),
        ("misplaced property", nsg(&[misplaced]), "InvalidRequestFormat"),
        (
            "too many rules",
            nsg(&(0..1001).map(numbered).collect::<Vec<_>>()),
            "NetworkSecurityGroupRulesLimitReached",
        ),
        ("no location", located(Value::Null), "LocationRequired"),
        (
            "unknown location",
            located(json!("westmars")),
            "LocationNotAvailableForResourceType",
        ),
        ("tag name", tags(json!({ "a/b": "" })), "InvalidTagNameCharacters"),
        (
            "tag name's length",
            tags(json!({ "x".repeat(513): "" })),
            "InvalidTagNameLength",
        ),
        (
            "tag value's length",
            tags(json!({ "x": "y".repeat(257) })),
            "InvalidTagValueLength",
        ),
        ("too many tags", tags(Value::Object(many)), "TooManyTags"),
    ];
    assert_refused(&setting, "networkSecurityGroups/nsg", &rows);
    assert_refused(
        &setting,
        "networkSecurityGroups/nsg!",
        &[("name", nsg(&[]), "InvalidResourceName")],
    );
    let rows = [
        ("list", json!([]), "InvalidRequestContent"),
        ("text", json!("x"), "InvalidRequestContent"),
    ];
    assert_refused(&setting, "networkSecurityGroups/nsg", &rows);

    let inbound = rule("two", &json!({ "direction": "Inbound" }));
    accepted(
        &setting,
        "networkSecurityGroups/nsg",
        "both directions",
        &nsg(&[rule("one", &json!({})), inbound]),
    );
    let full: Vec<_> = (0..1000).map(numbered).collect();
    accepted(&setting, "networkSecurityGroups/nsg", "1,000 rules", &nsg(&full));

    setting.done("networkSecurityGroups/nsg", &nsg(&[rule("one", &json!({}))]));
    let moved = located(json!("northeurope"));
    let reply = setting.put("networkSecurityGroups/nsg", &moved);
    assert_eq!((reply.status, reply.code()), (409, "InvalidResourceLocation"));
    let sibling = setting.put("networkSecurityGroups/nsg/securityRules/two", &rule("two", &json!({})));
    assert_eq!(sibling.code(), "SecurityRuleConflict");
    assert_eq!(
        sibling.body["error"]["message"],
        "Security rule two conflicts with rule one. Rules cannot have the same Priority and Direction. To learn more, see aka.ms/nsgrules."
    );
}

#[test]
fn subnets() {
    let setting = Setting::new();
    setting.done(
        "virtualNetworks/vnet/subnets/taken",
        &subnet(json!({ "addressPrefix": "10.0.8.0/24" })),
    );
    let abroad = json!({ "location": "northeurope", "properties": {} });
    setting
        .emulator
        .put(&setting.id("networkSecurityGroups/abroad"), abroad);
    let prefix = |prefix: &str| subnet(json!({ "addressPrefix": prefix }));
    let with = |name: &str, value: Value| subnet(json!({ "addressPrefix": "10.0.0.0/28", name: value }));
    let endpoints = |services: &[&str]| {
        let endpoints = services.iter().map(|service| json!({ "service": service }));
        with("serviceEndpoints", endpoints.collect())
    };
    let rows = [
        ("no prefix", subnet(json!({})), "NoAddressPrefixOrPoolProvided"),
        ("host bits", prefix("10.0.0.1/28"), "InvalidCIDRNotation"),
        ("no length", prefix("10.0.0.0"), "InvalidAddressPrefixFormat"),
        ("too small", prefix("10.0.0.0/30"), "NetcfgInvalidSubnet"),
        ("outside", prefix("10.1.0.0/28"), "NetcfgInvalidSubnet"),
        ("larger than the network", prefix("10.0.0.0/8"), "NetcfgInvalidSubnet"),
        (
            "IPv6 of another length",
            prefix("fd00:db8:deca::/60"),
            "NetcfgInvalidSubnet",
        ),
        ("overlap", prefix("10.0.8.0/25"), "NetcfgSubnetRangesOverlap"),
        ("overlap around", prefix("10.0.0.0/20"), "NetcfgSubnetRangesOverlap"),
        (
            "overlap with itself",
            subnet(json!({ "addressPrefixes": ["10.0.0.0/24", "10.0.0.0/25"] })),
            "NetcfgSubnetRangesOverlap",
        ),
        (
            "two answers",
            subnet(json!({ "addressPrefix": "10.0.0.0/24", "addressPrefixes": ["10.0.1.0/24"] })),
            "SubnetAddressPrefixConflict",
        ),
        (
            "unknown service",
            endpoints(&["Microsoft.Compute"]),
            "InvalidServiceEndpoints",
        ),
        (
            "service twice",
            endpoints(&["Microsoft.Sql", "Microsoft.Sql"]),
            "InvalidServiceEndpoints",
        ),
        (
            "both storages",
            endpoints(&["Microsoft.Storage", "Microsoft.Storage.Global"]),
            "InvalidServiceEndpoints",
        ),
        (
            "group that is not there",
            with(
                "networkSecurityGroup",
                json!({ "id": setting.id("networkSecurityGroups/none") }),
            ),
            "InvalidResourceReference",
        ),
        (
            "group of another region",
            with(
                "networkSecurityGroup",
                json!({ "id": setting.id("networkSecurityGroups/abroad") }),
            ),
            "InvalidResourceReference",
        ),
        (
            "another kind",
            with("routeTable", json!({ "id": setting.id(VNET) })),
            "InvalidResourceReference",
        ),
        (
            "not an id",
            with("natGateway", json!({ "id": "nat" })),
            "LinkedInvalidPropertyId",
        ),
    ];
    assert_refused(&setting, SUBNET, &rows);
    assert_refused(
        &setting,
        "virtualNetworks/vnet/subnets/one!",
        &[("name", prefix("10.0.0.0/28"), "InvalidResourceName")],
    );
    let message = setting.put(SUBNET, &prefix("10.0.0.1/28")).body["error"]["message"].clone();
    let id = setting.id(SUBNET);
    assert_eq!(
        message,
        format!(
            "The address prefix 10.0.0.1/28 in resource {id} has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/28."
        )
    );

    accepted(&setting, SUBNET, "the smallest", &prefix("10.0.0.0/29"));
    accepted(
        &setting,
        SUBNET,
        "two families",
        &subnet(json!({ "addressPrefixes": ["10.0.0.0/28", "fd00:db8:deca::/64"] })),
    );
    accepted(
        &setting,
        SUBNET,
        "the same twice",
        &subnet(json!({ "addressPrefix": "10.0.0.0/28", "addressPrefixes": ["10.0.0.0/28"] })),
    );
}

#[test]
fn virtual_networks() {
    let setting = Setting::new();
    let network = |space: &[&str], subnets: &[(&str, &str)]| {
        let subnets: Vec<_> = subnets
            .iter()
            .map(|(name, prefix)| json!({ "name": name, "properties": { "addressPrefix": prefix } }))
            .collect();
        json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": space }, "subnets": subnets } })
    };
    let rows = [
        ("no space", network(&[], &[]), "VnetAddressSpaceNotSpecified"),
        ("host bits", network(&["10.0.0.1/16"], &[]), "InvalidCIDRNotation"),
        (
            "overlapping space",
            network(&["10.0.0.0/16", "10.0.1.0/24"], &[]),
            "VnetAddressSpacesOverlap",
        ),
        (
            "subnet outside",
            network(&["10.0.0.0/16"], &[("a", "10.1.0.0/24")]),
            "NetcfgInvalidSubnet",
        ),
        (
            "subnets overlap",
            network(&["10.0.0.0/16"], &[("a", "10.0.0.0/24"), ("b", "10.0.0.128/25")]),
            "NetcfgSubnetRangesOverlap",
        ),
        (
            "same name",
            network(&["10.0.0.0/16"], &[("a", "10.0.0.0/24"), ("A", "10.0.1.0/24")]),
            "InvalidRequestFormat",
        ),
    ];
    assert_refused(&setting, "virtualNetworks/new", &rows);
}

#[test]
fn route_tables() {
    let setting = Setting::new();
    let route = |name: &str, properties: Value| json!({ "name": name, "properties": properties });
    let table = |routes: &[Value]| json!({ "location": "westeurope", "properties": { "routes": routes } });
    let one = |prefix: &str, hop: &str, address: Value| {
        table(&[route(
            "one",
            json!({ "addressPrefix": prefix, "nextHopType": hop, "nextHopIpAddress": address }),
        )])
    };
    let numbered = |number: u32| {
        let prefix = format!("10.{}.{}.0/24", number / 256, number % 256);
        route(
            &format!("r{number}"),
            json!({ "addressPrefix": prefix, "nextHopType": "None" }),
        )
    };
    let rows = [
        (
            "host bits",
            one("10.0.0.1/8", "None", Value::Null),
            "InvalidCIDRNotation",
        ),
        ("no prefix", one("", "None", Value::Null), "InvalidAddressPrefixFormat"),
        (
            "platform tag",
            one("Internet", "None", Value::Null),
            "InvalidAddressPrefixFormat",
        ),
        (
            "next hop",
            one("10.0.0.0/8", "Moon", Value::Null),
            "InvalidRequestFormat",
        ),
        (
            "appliance without address",
            one("10.0.0.0/8", "VirtualAppliance", Value::Null),
            "RouteNextHopIpAddressInvalid",
        ),
        (
            "address without appliance",
            one("10.0.0.0/8", "Internet", json!("10.0.0.4")),
            "RouteNextHopIpAddressNotAllowed",
        ),
        (
            "same prefix",
            table(&[
                route("a", json!({ "addressPrefix": "10.0.0.0/8", "nextHopType": "None" })),
                route("b", json!({ "addressPrefix": "10.0.0.0/8", "nextHopType": "Internet" })),
            ]),
            "RouteConflict",
        ),
        (
            "too many",
            table(&(0..401).map(numbered).collect::<Vec<_>>()),
            "RouteTableLimitReached",
        ),
    ];
    assert_refused(&setting, "routeTables/rt", &rows);
    accepted(
        &setting,
        "routeTables/rt",
        "400 routes",
        &table(&(0..400).map(numbered).collect::<Vec<_>>()),
    );
}

#[test]
fn a_landing_zone_denies_subnets_without_group() {
    let setting = Setting::with(Options {
        deny_subnets_without_nsg: true,
        ..Options::default()
    });
    let naked = subnet(json!({ "addressPrefix": "10.0.0.0/28" }));
    let refused = setting.put(SUBNET, &naked);
    assert_eq!((refused.status, refused.code()), (403, "RequestDisallowedByPolicy"));
    assert_eq!(refused.body["error"]["target"], "one");
    let info = &refused.body["error"]["additionalInfo"][0];
    assert_eq!(
        (&info["type"], &info["info"]["policyDefinitionEffect"]),
        (&json!("PolicyViolation"), &json!("deny"))
    );
    setting.done("virtualNetworks/vnet/subnets/GatewaySubnet", &naked);
    setting.done("networkSecurityGroups/nsg", &nsg(&[]));
    let dressed = json!({ "addressPrefix": "10.0.1.0/28", "networkSecurityGroup": { "id": setting.id("networkSecurityGroups/nsg") } });
    setting.done(SUBNET, &subnet(dressed));
}

#[test]
fn resource_groups_and_kinds_must_exist() {
    let setting = Setting::new();
    let elsewhere = setting.group.replace("/rg", "/none");
    for path in ["networkSecurityGroups/nsg", "virtualNetworks/vnet/subnets/one"] {
        let path = format!("{elsewhere}/providers/Microsoft.Network/{path}");
        let request = setting.request(reqwest::Method::PUT, &path).body(nsg(&[]).to_string());
        let reply = setting.send(request).unwrap();
        assert_eq!((reply.status, reply.code()), (404, "ResourceGroupNotFound"));
        assert_eq!(
            reply.body["error"]["message"],
            "Resource group 'none' could not be found."
        );
    }
    assert_eq!(setting.get("moonGateways/one").code(), "InvalidResourceType");
    let other = format!("{}/providers/Microsoft.Moon/things/one", setting.group);
    let reply = setting.send(setting.request(reqwest::Method::GET, &other)).unwrap();
    assert_eq!(reply.code(), "MissingSubscriptionRegistration");
}
