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
