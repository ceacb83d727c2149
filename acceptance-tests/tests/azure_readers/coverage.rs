//! `lockeddown_coverage`: what an existing subnet meets, lacks and exceeds.

use acceptance_tests::emulator::Fault;
use serde_json::{Value, json};

use crate::{place::Place, stable};

const SUBNET: &str = "virtualNetworks/vnet/subnets/theirs";

fn rule(name: &str, priority: i64, access: &str, to: &str, port: &str) -> Value {
    let mut rule = Place::their_rule(name, priority);
    rule["properties"]["access"] = json!(access);
    rule["properties"]["destinationAddressPrefix"] = json!(to);
    rule["properties"]["destinationPortRange"] = json!(port);
    if port == "*" {
        rule["properties"]["protocol"] = json!("*");
    }
    rule
}

/// Written by hand: Entra ID is missing, SSH to everywhere is nobody's, and the way to Azure Monitor is wider than it must be.
fn by_hand() -> Vec<Value> {
    vec![
        rule("storage", 200, "Allow", "Storage", "443"),
        rule("monitor", 210, "Allow", "AzureMonitor", "*"),
        rule("manager", 220, "Allow", "AzureResourceManager", "443"),
        rule("ssh-anywhere", 230, "Allow", "*", "22"),
        rule("closed", 4000, "Deny", "Internet", "*"),
    ]
}

fn with_rules(rules: &[Value], subnet: Value) -> Place {
    let place = Place::new();
    let group = place.put("networkSecurityGroups/theirs", json!({ "securityRules": rules }));
    let mut properties = json!({ "addressPrefix": "10.0.7.0/24", "networkSecurityGroup": { "id": group } });
    properties
        .as_object_mut()
        .unwrap()
        .extend(subnet.as_object().cloned().unwrap_or_default());
    place
        .emulator
        .put(&place.id(SUBNET), json!({ "properties": properties }));
    place.emulator.clear_requests();
    place
}

fn coverage(place: &Place, more: &str) -> String {
    held_against(place, "", more)
}

fn held_against(place: &Place, workload: &str, more: &str) -> String {
    format!(
        r#"
        data "lockeddown_cyclecloud_subnet" "server" {{
          role                  = "server"
          location              = "westeurope"
          edition               = "2026-08"
          node_address_prefixes = ["10.0.1.0/24"]
          {workload}
        }}
        data "lockeddown_coverage" "theirs" {{
          subnet_id = {:?}
          policies  = [data.lockeddown_cyclecloud_subnet.server.policy]
          {more}
        }}
        output "read" {{ value = data.lockeddown_coverage.theirs }}
        "#,
        place.id(SUBNET)
    )
}

fn read(place: &Place, configuration: &str) -> Value {
    place.workspace.step(configuration);
    place.workspace.outputs()["read"].clone()
}

fn status<'v>(read: &'v Value, id: &str) -> &'v Value {
    &read["requirements"][id]["status"]
}

fn names(map: &Value) -> Vec<&str> {
    map.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_group_written_by_hand_is_held_against_the_requirements() {
    let place = with_rules(
        &by_hand(),
        json!({ "serviceEndpoints": [{ "service": "Microsoft.KeyVault" }] }),
    );
    let read = read(&place, &coverage(&place, ""));
    assert_eq!(read["verdict"], "refuted");
    assert_eq!(status(&read, "CC-SERVER-ENTRA"), "lacking");
    assert_eq!(status(&read, "CC-SERVER-STORAGE"), "satisfied");
    assert_eq!(status(&read, "CC-SERVER-MONITOR"), "satisfied");
    assert_eq!(names(&read["foreign_rules"]), ["ssh-anywhere"]);
    assert_eq!(
        read["security_rules"]["storage"]["requirement_ids"],
        json!(["CC-SERVER-STORAGE"])
    );
    assert_eq!(
        read["security_rules"]["closed"]["requirement_ids"],
        json!(["CC-DENY-INTERNET"])
    );
    let exposed = read["exposure"].to_string();
    assert!(
        exposed.contains("ssh-anywhere") && exposed.contains("\"monitor\""),
        "{exposed}"
    );
    assert_eq!(read["missing_service_endpoints"], json!(["Microsoft.Storage"]));
    assert_eq!(status(&read, "CC-STORAGE-ENDPOINT"), "lacking");
    // What no requirement needs is let pass before the deny.
    assert_eq!(status(&read, "CC-DENY-INTERNET"), "lacking");
    let reason = read["requirements"]["CC-DENY-INTERNET"]["reason"].as_str().unwrap();
    assert!(reason.contains("lets it pass. Narrow the rule"), "{reason}");
    assert_eq!(read["surplus_service_endpoints"], json!(["Microsoft.KeyVault"]));
    assert!(
        read["virtual_network_address_spaces"]
            .to_string()
            .contains("10.0.0.0/16")
    );
    let said = json!({ "violations": read["violations"], "lint": read["lint"] });
    insta::assert_snapshot!("by_hand", format!("{said:#}"));
    assert!(place.emulator.requests().writes().lines().is_empty());

    // What was read is what `lockeddown_verification` takes, with the same verdict.
    let again = format!(
        r#"{}
        data "lockeddown_verification" "again" {{
          policies                       = [data.lockeddown_cyclecloud_subnet.server.policy]
          security_rules                 = data.lockeddown_coverage.theirs.security_rules
          routes                         = data.lockeddown_coverage.theirs.routes
          rule_collection_groups         = data.lockeddown_coverage.theirs.rule_collection_groups
          virtual_network_address_spaces = data.lockeddown_coverage.theirs.virtual_network_address_spaces
        }}
        output "again" {{ value = data.lockeddown_verification.again }}
        "#,
        held_against(&place, "subnet_address_prefixes = [\"10.0.7.0/24\"]", "")
    );
    place.workspace.step(&again);
    let outputs = place.workspace.outputs();
    for output in ["verdict", "exposure", "baseline"] {
        assert_eq!(outputs["again"][output], outputs["read"][output], "{output}");
    }
    assert_eq!(
        outputs["again"]["violations"].as_array().unwrap().len(),
        outputs["read"]["violations"].as_array().unwrap().len()
    );
}

#[test]
fn what_a_resource_of_ours_made_covers_its_requirements() {
    let place = Place::new();
    let ours = place.attached("cc", "subnet_address_prefixes = [\"10.0.7.0/24\"]");
    let configuration = format!(
        "{ours}\n{}",
        coverage(&place, "outbound_method = \"nat_gateway\"").replace(
            &format!("{:?}", place.id(SUBNET)),
            "lockeddown_cyclecloud_subnet.cc.subnet_id\n depends_on = [lockeddown_cyclecloud_subnet.cc]"
        )
    );
    // Before the resource is applied the data source has to wait.
    let plan = place.workspace.step(&configuration);
    assert_eq!(
        plan.json()["output_changes"]["read"]["after_unknown"]["verdict"],
        json!(true)
    );
    let read = place.workspace.outputs()["read"].clone();
    assert_eq!(read["verdict"], "proven", "{}", read["violations"]);
    assert_eq!(names(&read["foreign_rules"]), Vec::<&str>::new());
    assert_eq!(read["missing_service_endpoints"], json!([]));
}

#[test]
fn a_second_group_at_the_network_interface_must_let_everything_pass_too() {
    let place = with_rules(&by_hand(), json!({}));
    let interface = place.put(
        "networkSecurityGroups/nic",
        json!({ "securityRules": [rule("no-storage", 100, "Deny", "Storage", "*")] }),
    );
    let read = read(
        &place,
        &coverage(&place, &format!("network_interface_security_group_id = {interface:?}")),
    );
    assert_eq!(status(&read, "CC-SERVER-STORAGE"), "lacking");
    assert_eq!(names(&read["network_interface_foreign_rules"]), ["no-storage"]);
    assert_eq!(names(&read["security_rules"]).len(), 5);
}

#[test]
fn what_cannot_be_decided_is_said_and_never_proven() {
    // A private subnet without a NAT gateway: whether machines have public addresses only they know.
    let place = with_rules(
        &[rule("everything", 100, "Allow", "*", "*")],
        json!({ "defaultOutboundAccess": false }),
    );
    let depends = read(&place, &coverage(&place, ""));
    assert_eq!(depends["verdict"], "depends_on");
    assert!(
        depends["depends_on_conditions"].to_string().contains("public address"),
        "{}",
        depends["depends_on_conditions"]
    );
    assert_eq!(status(&depends, "CC-SERVER-ENTRA"), "depends_on");
    let without = read(&place, &coverage(&place, "outbound_method = \"none\""));
    assert_eq!(without["verdict"], "refuted");
    let with = read(&place, &coverage(&place, "outbound_method = \"public_ip\""));
    assert_eq!(with["verdict"], "proven", "{}", with["violations"]);

    // No group at all.
    place.emulator.put(
        &place.id(SUBNET),
        json!({ "properties": { "addressPrefix": "10.0.7.0/24" } }),
    );
    let open = read(&place, &coverage(&place, ""));
    assert_eq!(open["security_rules"], Value::Null);
    assert_eq!(status(&open, "CC-DENY-INTERNET"), "lacking");
    assert_eq!(open["verdict"], "refuted");
    assert!(
        open["lint"].to_string().contains("no_network_security_group"),
        "{}",
        open["lint"]
    );
}

const BEHIND: &str = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n subnet_address_prefixes = [\"10.0.7.0/24\"]\n egress = { type = \
                      \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";

fn group_of(priority: i64, collections: Value) -> Value {
    json!({ "properties": { "priority": priority, "ruleCollections": collections } })
}

fn network_collection(name: &str, priority: i64, action: &str, to: &[&str], ports: &[&str]) -> Value {
    json!({ "name": name, "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": priority, "action": { "type": action },
        "rules": [{ "ruleType": "NetworkRule", "name": name, "ipProtocols": ["TCP", "UDP"], "sourceAddresses": ["10.0.0.0/8"],
            "destinationAddresses": to, "destinationPorts": ports }] })
}

/// The rules of a firewall say nothing of packets that a route leads to another appliance.
#[test]
fn a_firewall_judges_what_is_led_to_it() {
    let place = with_rules(&[rule("everything", 100, "Allow", "*", "*")], json!({}));
    let group = place.id("networkSecurityGroups/theirs");
    let behind = |appliance: &str| {
        let route = json!({ "name": "default", "properties": {
            "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": appliance } });
        let table = place.put("routeTables/theirs", json!({ "routes": [route] }));
        let subnet = json!({ "addressPrefix": "10.0.7.0/24", "networkSecurityGroup": { "id": group }, "routeTable": { "id": table } });
        place.emulator.put(&place.id(SUBNET), json!({ "properties": subnet }));
    };
    let policy = place.put("firewallPolicies/open", json!({ "sku": { "tier": "Standard" } }));
    let everything = json!([network_collection("everything", 100, "Allow", &["*"], &["*"])]);
    place.emulator.put(
        &format!("{policy}/ruleCollectionGroups/open"),
        group_of(100, everything),
    );
    let network = place.id("virtualNetworks/vnet");
    place.put(
        "virtualNetworks/vnet/subnets/AzureFirewallSubnet",
        json!({ "addressPrefix": "10.0.255.0/26" }),
    );
    // The emulator hands out no addresses.
    let stands_at = "10.0.255.4";
    let firewall = place.put(
        "azureFirewalls/hub",
        json!({ "firewallPolicy": { "id": policy }, "ipConfigurations": [{ "name": "one", "properties": {
            "subnet": { "id": format!("{network}/subnets/AzureFirewallSubnet") }, "privateIPAddress": stands_at } }] }),
    );
    let named = format!("firewall_id = {firewall:?}");

    // Also for a policy that knows no more than the virtual network.
    let wide = format!(
        "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n egress = {{ type = \"firewall\", firewall_private_ip_address = \"10.9.9.9\", \
         source_ip_group_ids = [{:?}] }}",
        place.id("ipGroups/nodes")
    );
    behind("10.9.9.9");
    let elsewhere = read(&place, &held_against(&place, &wide, &named));
    assert_eq!(status(&elsewhere, "CC-SERVER-ENTRA"), "depends_on");
    assert!(
        elsewhere["lint"].to_string().contains("another_appliance"),
        "{}",
        elsewhere["lint"]
    );
    behind(stands_at);
    let judged = read(
        &place,
        &held_against(&place, &wide.replace("10.9.9.9", stands_at), &named),
    );
    assert_eq!(
        status(&judged, "CC-SERVER-ENTRA"),
        "satisfied",
        "{}",
        judged["violations"]
    );
}

#[test]
fn a_firewall_judges_by_its_base_policy_first_and_then_group_by_group() {
    let place = with_rules(&[rule("everything", 100, "Allow", "*", "*")], json!({}));
    let route = json!({ "name": "default", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.255.4" } });
    let table = place.put("routeTables/theirs", json!({ "routes": [route] }));
    let group = place.id("networkSecurityGroups/theirs");
    place.emulator.put(
        &place.id(SUBNET),
        json!({ "properties": { "addressPrefix": "10.0.7.0/24", "networkSecurityGroup": { "id": group }, "routeTable": { "id": table } } }),
    );
    let base = place.put("firewallPolicies/base", json!({ "sku": { "tier": "Standard" } }));
    let policy = place.put(
        "firewallPolicies/own",
        json!({ "sku": { "tier": "Standard" }, "basePolicy": { "id": base } }),
    );
    let everything = json!([network_collection("everything", 100, "Allow", &["*"], &["*"])]);
    place
        .emulator
        .put(&format!("{policy}/ruleCollectionGroups/own"), group_of(100, everything));

    // Nobody says what the appliance lets pass.
    let unnamed = read(&place, &held_against(&place, BEHIND, ""));
    assert_eq!(status(&unnamed, "CC-SERVER-ENTRA"), "depends_on");
    let named = format!("firewall_policy_id = {policy:?}");
    let open = read(&place, &held_against(&place, BEHIND, &named));
    assert_eq!(status(&open, "CC-SERVER-ENTRA"), "satisfied", "{}", open["violations"]);
    assert!(
        open["exposure"].to_string().contains("everything"),
        "{}",
        open["exposure"]
    );

    // The base policy denies before anything else is looked at, whatever the priorities say.
    let never = json!([network_collection(
        "never",
        60000,
        "Deny",
        &["AzureActiveDirectory"],
        &["443"]
    )]);
    place
        .emulator
        .put(&format!("{base}/ruleCollectionGroups/base"), group_of(60000, never));
    let closed = read(&place, &held_against(&place, BEHIND, &named));
    assert_eq!(status(&closed, "CC-SERVER-ENTRA"), "lacking");
    assert_ne!(
        status(&closed, "CC-SERVER-STORAGE"),
        "lacking",
        "{}",
        closed["violations"]
    );
    assert!(
        closed["violations"].to_string().contains("never"),
        "{}",
        closed["violations"]
    );
    let groups: Vec<&str> = closed["rule_collection_groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect();
    assert_eq!(groups, ["base", "own"]);

    let again = format!(
        r#"{}
        data "lockeddown_verification" "again" {{
          policies               = [data.lockeddown_cyclecloud_subnet.server.policy]
          security_rules         = data.lockeddown_coverage.theirs.security_rules
          routes                 = data.lockeddown_coverage.theirs.routes
          rule_collection_groups = data.lockeddown_coverage.theirs.rule_collection_groups
        }}
        output "again" {{ value = data.lockeddown_verification.again.violations }}
        "#,
        held_against(&place, BEHIND, &named)
    );
    place.workspace.step(&again);
    let violations = place.workspace.outputs()["again"].to_string();
    assert!(violations.contains("never"), "{violations}");
}

#[test]
fn refusals_say_what_would_be_right() {
    let place = with_rules(&by_hand(), json!({}));
    let mut report = String::new();
    for more in [
        "firewall_policy_id = \"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt\"",
        "outbound_method = \"tunnel\"",
        "service_tag_file = \"missing.json\"",
        "timeouts = { read = \"soon\" }",
    ] {
        place.workspace.write(&coverage(&place, more));
        report.push_str(&format!("{more}\n{}\n\n", place.workspace.expect_error(&["plan"])));
    }
    place
        .workspace
        .write(&coverage(&place, "").replace("subnets/theirs", "subnets/nobodys"));
    report.push_str(&format!("{}\n\n", place.workspace.expect_error(&["plan"])));
    place
        .workspace
        .write(&held_against(&place, "subnet_address_prefixes = [\"10.9.0.0/24\"]", ""));
    report.push_str(&format!("{}\n\n", place.workspace.expect_error(&["plan"])));
    let message = "The client 'terraform' does not have authorization to perform action 'Microsoft.Network/networkSecurityGroups/read' over scope \
                   '/subscriptions/s' or the scope is invalid.";
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", message).on("GET", "networkSecurityGroups/theirs"));
    place.workspace.write(&coverage(&place, ""));
    report.push_str(&place.workspace.expect_error(&["plan"]));
    insta::assert_snapshot!(stable(&place, &report));
}
