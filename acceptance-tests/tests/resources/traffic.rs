//! A plan says which packets will pass, or will not any more.

use serde_json::json;

use crate::place::Place;

fn warnings(place: &Place) -> String {
    let plan = place.workspace.plan();
    plan.warnings().iter().map(|warning| format!("{warning}\n")).collect()
}

#[test]
fn an_opened_port_and_a_closed_one_are_said_with_their_packets() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.workspace.write(
        &place
            .born(
                "cc",
                "cyclecloud_version = 7\nextra_rules = { ntp = { direction = \"Outbound\", protocol = \"Udp\", \
                                   destination_port_range = \"123\", destination_address_prefix = \"203.0.113.9\" } }\n\
                                   waived_requirements = { CHECK-EXPOSURE-INTENDED = \"test\" }",
            )
            .replace(
                "waived_requirements   = { CC-HOST-RATECARD = \"test\", CC-HOST-WATSON = \"test\" }",
                "",
            ),
    );
    let said = warnings(&place);
    assert!(
        said.contains("opens or closes traffic")
            && said.contains("Lets pass from now on")
            && said.contains("203.0.113.9:123"),
        "{said}"
    );

    place.workspace.write(&place.born("cc", ""));
    assert!(!warnings(&place).contains("opens or closes traffic"), "nothing changes");
}

#[test]
fn a_repair_says_what_it_closes() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.emulator.put(
        &place.id("networkSecurityGroups/nsg-cc/securityRules/sesame"),
        json!({ "properties": {
            "priority": 300, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "203.0.113.0/24",
            "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22", "description": "by hand"
        } }),
    );
    let said = warnings(&place);
    assert!(
        said.contains("Stops from now on") && said.contains("`sesame` allows"),
        "{said}"
    );
}

#[test]
fn a_rule_of_the_portal_has_no_description() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.emulator.put(
        &place.id("networkSecurityGroups/nsg-cc/securityRules/sesame"),
        json!({ "properties": {
            "priority": 300, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "203.0.113.0/24",
            "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
        } }),
    );
    let said = warnings(&place);
    assert!(
        said.contains("Stops from now on") && said.contains("`sesame` allows"),
        "{said}"
    );
}

#[test]
fn among_the_rules_of_others_it_is_what_the_resources_own_say() {
    let place = Place::new();
    let shared = place.put(
        "networkSecurityGroups/shared",
        json!({ "securityRules": [Place::their_rule("theirs", 2000)] }),
    );
    let guest = |more: &str| {
        let standing = format!(
            "network_security_group_id = {shared:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\nisolation = \"internet\""
        );
        place.attached("cc", &format!("{standing}\n{more}"))
    };
    place.workspace.step(&guest(""));
    let opened = "extra_rules = { ntp = { direction = \"Outbound\", protocol = \"Udp\", source_address_prefix = \"10.0.7.0/24\", \
                  destination_port_range = \"123\", destination_address_prefix = \"203.0.113.9\" } }";
    place.workspace.write(&guest(opened));
    let said = warnings(&place);
    assert!(
        said.contains("203.0.113.9:123") && said.contains("The rules of others in the group are not counted"),
        "{said}"
    );
}

#[test]
fn what_a_firewall_lets_through_is_said_flow_by_flow() {
    let place = Place::new();
    let policy = place.put("firewallPolicies/hub", json!({ "sku": { "tier": "Standard" } }));
    let behind = |more: &str| {
        let egress = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                      egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";
        place.born("cc", &format!("{egress}\nfirewall_policy_id = {policy:?}\n{more}"))
    };
    place.workspace.step(&behind(""));
    place.workspace.write(&behind("github_staging_enabled = true"));
    let said = warnings(&place);
    assert!(
        said.contains("The firewall lets through from now on")
            && said.contains("`Https 10.0.0.0/28 -> github.com:443`"),
        "{said}"
    );
    place.workspace.step(&behind("github_staging_enabled = true"));
    place.workspace.write(&behind(""));
    let said = warnings(&place);
    assert!(said.contains("The firewall no longer lets through"), "{said}");
}

const BEHIND: &str = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                      egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";

#[test]
fn the_packets_that_are_named_are_the_subnets_own() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.emulator.put(
        &place.id("networkSecurityGroups/nsg-cc/securityRules/sesame"),
        json!({ "properties": {
            "priority": 300, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
            "sourcePortRange": "*", "destinationAddressPrefix": "203.0.113.0/24", "destinationPortRange": "22"
        } }),
    );
    let said = warnings(&place);
    assert!(
        said.contains("`TCP 10.0.0.1 -> 203.0.113.1:22` (`sesame` allows"),
        "{said}"
    );
}

#[test]
fn a_route_around_the_firewall_goes_and_the_warning_says_where_to() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", BEHIND));
    place.emulator.put(
        &place.id("routeTables/rt-cc/routes/around"),
        json!({ "properties": { "addressPrefix": "203.0.113.0/24", "nextHopType": "Internet" } }),
    );
    let said = warnings(&place);
    assert!(
        said.contains("The change leads traffic another way")
            && said.contains(
                "- `203.0.113.0/24` went straight out and goes to the appliance at `10.0.255.4` (route `around`)"
            ),
        "{said}"
    );
}

#[test]
fn a_default_route_that_goes_leads_straight_out() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", BEHIND));
    let without = BEHIND.replace("egress = {", "egress = { default_route_enabled = false, ");
    place.workspace.write(&place.born("cc", &without));
    let said = warnings(&place);
    assert!(
        said.contains(
            "- `0.0.0.0/0` went to the appliance at `10.0.255.4` and goes straight out (unless a gateway brings a default route)"
        ),
        "{said}"
    );
}

#[test]
fn a_subnet_with_another_group_gets_its_own_back() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", BEHIND));
    let other = place.put("networkSecurityGroups/other", json!({ "securityRules": [] }));
    let subnet = place.id("virtualNetworks/vnet/subnets/cc");
    let mut document = place.emulator.get(&subnet).unwrap();
    document["properties"]["networkSecurityGroup"]["id"] = json!(other);
    place.emulator.put(&subnet, document);
    let said = warnings(&place);
    assert!(
        said.contains(&format!("The subnet has the network security group `{other}`"))
            && said.contains("It gets `")
            && !said.contains("The change leads traffic another way"),
        "{said}"
    );
}

#[test]
fn a_deny_among_the_rules_of_others_is_missed_when_it_goes() {
    let place = Place::new();
    let shared = place.put("networkSecurityGroups/shared", json!({ "securityRules": [] }));
    let guest = format!(
        "network_security_group_id = {shared:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\nisolation = \"internet\""
    );
    place.workspace.step(&place.attached("cc", &guest));
    let plan = place.workspace.plan_with(&["-destroy"]);
    let said: String = plan.warnings().iter().map(|warning| format!("{warning}\n")).collect();
    assert!(
        said.contains("The change opens or closes traffic")
            && said.contains("Lets pass from now on")
            && said.contains("The rules of others in the group are not counted"),
        "{said}"
    );
    place.workspace.destroy();

    // A group of the resource's own goes with it, and the subnet gets back what it had.
    place.workspace.step(&place.attached("cc", ""));
    let plan = place.workspace.plan_with(&["-destroy"]);
    assert_eq!(plan.warnings().len(), 0, "{:?}", plan.warnings());
}

#[test]
fn collections_among_those_of_others_are_missed_when_they_go() {
    let place = Place::new();
    place.put("firewallPolicies/hub", json!({ "sku": { "tier": "Standard" } }));
    let shared = place.id("firewallPolicies/hub/ruleCollectionGroups/shared");
    place.emulator.put(
        &shared,
        json!({ "properties": { "priority": 400, "ruleCollections": [] } }),
    );
    place
        .workspace
        .step(&place.born("cc", &format!("{BEHIND}\nrule_collection_group_id = {shared:?}")));
    let plan = place.workspace.plan_with(&["-destroy"]);
    let said: String = plan.warnings().iter().map(|warning| format!("{warning}\n")).collect();
    assert!(
        said.contains("The firewall no longer lets through") && said.contains("10.0.0.0/28 -> "),
        "{said}"
    );
}
