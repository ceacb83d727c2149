//! Create, update, replace, destroy.

use acceptance_tests::terraform::{Terraform, install::SUPPORTED};

use crate::setting::{ADDRESS, Setting};

/// Document 000, "Configuring an Azure Network Security Group for the CycleCloud VM", transcribed by hand: priority, name, port,
/// protocol, source, destination, action.
const DOCUMENT: [&str; 5] = [
    "100 AllowAzureStorage 443 Tcp * Storage Allow",
    "101 AllowActiveDirectory 443 Tcp * AzureActiveDirectory Allow",
    "102 AllowAzureMonitor 443 Tcp * AzureMonitor Allow",
    "103 AllowAzureRM 443 Tcp * AzureResourceManager Allow",
    "4000 BlockOutbound * * * Internet Deny",
];

#[test]
fn the_rules_in_azure_are_the_documents_and_each_object_is_written_once() {
    for version in SUPPORTED {
        let setting = Setting::with(Terraform::version(version));
        setting.workspace.step(&setting.server(""));
        assert_eq!(setting.rules("Outbound"), DOCUMENT, "Terraform {version}");
        assert_eq!(
            setting.rules("Inbound"),
            ["110 https_9443 9443 Tcp 10.0.1.0/24 * Allow"]
        );

        let requests = setting.emulator.requests();
        assert_eq!(requests.writes().lines().len(), 2, "{:?}", requests.writes().lines());
        let group = requests.puts_on("networkSecurityGroups/nsg-server");
        assert_eq!(
            group.0[0].body.as_ref().unwrap()["properties"]["securityRules"]
                .as_array()
                .unwrap()
                .len(),
            6
        );
        let subnet = requests.puts_on("subnets/server").0[0].body.clone().unwrap();
        assert_eq!(subnet["properties"]["networkSecurityGroup"]["id"], setting.group_id());
        assert_eq!(
            subnet["properties"]["serviceEndpoints"][0]["service"],
            "Microsoft.Storage"
        );
        assert_eq!(subnet["properties"]["defaultOutboundAccess"], false);

        setting.emulator.clear_requests();
        setting.workspace.apply();
        assert_eq!(
            setting.emulator.requests().writes().lines(),
            Vec::<String>::new(),
            "a no-op apply writes nothing"
        );

        setting.workspace.destroy();
        setting.assert_nothing_left();
    }
}

#[test]
fn a_fresh_plan_shows_every_rule_with_its_values() {
    let setting = Setting::new();
    setting.workspace.write(&setting.server(""));
    let plan = setting.workspace.plan();
    let change = plan.change(ADDRESS);
    assert_eq!(change.unknown(), Vec::<String>::new(), "everything is known");
    let rule = &change.after["security_rules"]["AllowAzureStorage"];
    assert_eq!(rule["destination_address_prefix"], "Storage");
    assert_eq!(rule["requirement_ids"][0], "CC-SERVER-STORAGE");
    assert_eq!(
        rule["description"],
        "CycleCloud server to Azure Storage [CC-SERVER-STORAGE]"
    );
    assert_eq!(change.after["network_security_group_id"], setting.group_id());
    assert_eq!(change.after["edition"], "2026-08");
    assert_eq!(change.after["cyclecloud_subnet_id"], "rg-hpc/vnet-hpc/server");
}

#[test]
fn what_decides_the_rules_may_be_unknown_at_plan() {
    let setting = Setting::new();
    let nodes = r#"resource "terraform_data" "nodes" { input = ["10.0.1.0/24"] }"#;
    let server = setting
        .server("")
        .replace(r#"["10.0.1.0/24"]"#, "terraform_data.nodes.output");
    setting.workspace.write(&format!("{nodes}{server}"));
    let plan = setting.workspace.plan();
    assert!(plan.change(ADDRESS).unknown().contains(&"/security_rules".to_owned()));
    setting.workspace.step(&format!("{nodes}{server}"));
    assert_eq!(setting.rules("Outbound"), DOCUMENT);
}

#[test]
fn every_argument_may_be_unknown_at_plan() {
    let arguments = [
        ("name", r#""server-#""#),
        ("virtual_network_id", "NETWORK"),
        ("location", r#""westeurope""#),
        ("address_prefixes", r#"["10.0.1#.0/28"]"#),
        ("role", r#""server""#),
        ("node_address_prefixes", r#"["10.0.1.0/24"]"#),
        ("waived_requirements", r#"{ CC-HOST-WATSON = "test" }"#),
        ("edition", r#""2020-07""#),
        ("isolation", r#""strict""#),
        ("priority_base", "200"),
        ("deny_priority", "4010"),
        ("name_prefix", r#""hpc-""#),
        ("subnet_address_prefixes", r#"["10.0.1#.0/28"]"#),
        ("cyclecloud_version", "7"),
        ("node_communication_port", "9444"),
        ("web_source_address_prefixes", r#"["198.51.100.0/24"]"#),
        ("storage_access", r#""service_tag""#),
        ("egress", r#"{ outbound_method = "nat_gateway" }"#),
        ("network_security_group_name", r#""nsg-server-#""#),
        ("default_outbound_access_enabled", "true"),
        ("ignored_rule_name_prefixes", r#"["Azure_"]"#),
        ("tags", r#"{ team = "hpc" }"#),
        (
            "extra_rules",
            r#"{ dns = { direction = "Outbound", protocol = "Udp", destination_port_range = "53", destination_address_prefix = "10.9.0.4" } }"#,
        ),
    ];
    let setting = Setting::new();
    let network = format!("{:?}", setting.network);
    let known: String = arguments
        .iter()
        .map(|(name, value)| format!("{name} = {value}\n"))
        .collect();
    // A subnet for each argument, all at once.
    let mut configuration = String::new();
    for (index, (unknown, value)) in arguments.iter().enumerate() {
        let source = format!("{unknown} = {value}\n");
        let later = known.replace(&source, &format!("{unknown} = terraform_data.later_#.output\n"));
        let blocks = format!(
            "resource \"terraform_data\" \"later_#\" {{ input = {value} }}\n\
             resource \"lockeddown_cyclecloud_subnet\" \"server_#\" {{\n{later}}}\n"
        );
        configuration.push_str(&blocks.replace('#', &index.to_string()));
    }
    setting.workspace.step(&configuration.replace("NETWORK", &network));
    let group = |index: usize| setting.emulator.get(&format!("{}-{index}", setting.group_id()));
    for (index, (unknown, _)) in arguments.iter().enumerate() {
        let rules = group(index).unwrap_or_default()["properties"]["securityRules"].clone();
        let outbound =
            (rules.as_array().into_iter().flatten()).filter(|rule| rule["properties"]["direction"] == "Outbound");
        assert_eq!(outbound.count(), 8, "{unknown}: {rules:#}");
    }
    setting.workspace.destroy();
    assert!(
        (0..arguments.len()).all(|index| group(index).is_none()),
        "a group is left"
    );
    let network = setting.emulator.get(&setting.network).unwrap();
    assert_eq!(network["properties"]["subnets"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_option_changes_only_its_rules_and_there_and_back_is_no_change() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    let before = setting.group();
    setting.emulator.clear_requests();

    let plan = setting
        .workspace
        .step(&setting.server(r#"ssh_source_address_prefixes = ["198.51.100.0/24"]"#));
    let change = plan.change(ADDRESS);
    assert_eq!(change.actions, ["update"]);
    for (name, rule) in change.before["security_rules"].as_object().unwrap() {
        assert_eq!(&change.after["security_rules"][name], rule, "{name} changed");
    }
    assert!(change.after["security_rules"]["ssh"].is_object());
    assert_eq!(
        setting.emulator.requests().writes().lines().len(),
        1,
        "the subnet is not written"
    );

    setting.workspace.step(&setting.server(""));
    let rules = |group: &serde_json::Value| group["properties"]["securityRules"].as_array().unwrap().len();
    assert_eq!(rules(&setting.group()), rules(&before));
}

#[test]
fn the_subnet_is_born_with_its_route_table_and_nat_gateway() {
    let setting = Setting::new();
    let resource = |kind: &str, name: &str| {
        setting
            .network
            .replace("virtualNetworks/vnet-hpc", &format!("{kind}/{name}"))
    };
    let (table, gateway) = (resource("routeTables", "rt"), resource("natGateways", "nat"));
    setting.emulator.put(
        &table,
        serde_json::json!({ "location": "westeurope", "properties": {} }),
    );
    setting.emulator.put(
        &gateway,
        serde_json::json!({ "location": "westeurope", "sku": { "name": "Standard" }, "properties": {} }),
    );
    setting.workspace.write(&setting.server(""));
    let warnings = format!("{:?}", setting.workspace.plan().warnings());
    assert!(warnings.contains("No way out of the subnet"), "{warnings}");
    setting
        .workspace
        .step(&setting.server(&format!("route_table_id = {table:?}\nnat_gateway_id = {gateway:?}")));
    let puts = setting.emulator.requests().puts_on("subnets/server");
    assert_eq!(puts.0.len(), 1);
    let properties = &puts.0[0].body.as_ref().unwrap()["properties"];
    assert_eq!(
        (&properties["routeTable"]["id"], &properties["natGateway"]["id"]),
        (&table.clone().into(), &gateway.into())
    );
    let prerequisites = setting.workspace.state().resource(ADDRESS)["prerequisites"].clone();
    assert_eq!(prerequisites["CC-OUTBOUND-PATH"]["status"], "satisfied");

    // Another table and no gateway: one write, in place.
    setting
        .workspace
        .step(&setting.server(&format!("route_table_id = {table:?}")));
    assert!(setting.subnet()["properties"].get("natGateway").is_none());
}

#[test]
fn another_name_replaces_and_never_changes_the_edition_silently() {
    let setting = Setting::new();
    let old = "provider \"lockeddown\" { edition = \"2020-07\" }\n";
    setting.workspace.step(&format!("{old}{}", setting.server("")));

    // A newer default changes nothing of what exists.
    setting.workspace.write(&setting.server(""));
    setting.workspace.assert_settled();

    let renamed = |more: &str| {
        setting.server(more).replace(
            r#"name                  = "server""#,
            r#"name                  = "master""#,
        )
    };
    setting.workspace.write(&renamed(""));
    let error = setting.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("Edition lost in replacement") && error.contains("`2020-07`"),
        "{error}"
    );

    let change = setting
        .workspace
        .step(&renamed("edition = \"2020-07\""))
        .change(ADDRESS);
    assert_eq!(change.actions, ["delete", "create"]);
    assert_eq!(change.replace_paths, serde_json::json!([["name"]]));
    setting.assert_nothing_left();
}

#[test]
fn a_subnet_removed_by_hand_is_made_again() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.emulator.remove(&setting.subnet_id());
    let change = setting.workspace.step(&setting.server("")).change(ADDRESS);
    assert_eq!(
        change.actions,
        ["update"],
        "its group is still there and is not forgotten"
    );
    assert_eq!(change.before["subnet_id"], serde_json::json!(null));
    setting.emulator.remove(&setting.subnet_id());
    setting.emulator.remove(&setting.group_id());
    let plan = setting.workspace.step(&setting.server(""));
    assert_eq!(plan.change(ADDRESS).actions, ["create"], "nothing is left of it");
}

#[test]
fn data_source_and_resource_agree() {
    let setting = Setting::new();
    setting.workspace.step(&format!(
        r#"{}
        data "lockeddown_cyclecloud_subnet" "server" {{
          role                  = "server"
          location              = "West Europe"
          node_address_prefixes = ["10.0.1.0/24"]
          waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
        }}
        output "agree" {{
          value = data.lockeddown_cyclecloud_subnet.server.security_rules == lockeddown_cyclecloud_subnet.server.security_rules
        }}"#,
        setting.server("")
    ));
    assert_eq!(setting.workspace.outputs()["agree"], true);
}
