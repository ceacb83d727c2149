//! The outputs fit those who take them: `azurerm` 4 and 5 (by a provider with their documented schema) and the Azure Verified Modules.

use acceptance_tests::terraform::{Workspace, binaries};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    lockeddown = { source = "lockeddown/lockeddown" }
    azurerm    = { source = "hashicorp/azurerm" }
  }
}

provider "azurerm" {
  features {}
}

data "lockeddown_cyclecloud_subnet" "server" {
  role                           = "server"
  location                       = "westeurope"
  subnet_address_prefixes        = ["10.0.0.0/28"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  node_address_prefixes          = ["10.0.1.0/24", "fd00:db8:1::/64", "10.0.2.0/24"]
  application_security_groups    = { node_id = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes" }
  egress                         = { type = "firewall", firewall_private_ip_address = "10.0.255.4" }
}

locals {
  server = data.lockeddown_cyclecloud_subnet.server
}

resource "azurerm_network_security_group" "server" {
  name                = "nsg-server"
  location            = "westeurope"
  resource_group_name = "rg"
  security_rule       = values(local.server.security_rules)
}

resource "azurerm_route_table" "server" {
  name                          = "rt-server"
  location                      = "westeurope"
  resource_group_name           = "rg"
  bgp_route_propagation_enabled = local.server.bgp_route_propagation_enabled
  route                         = values(local.server.routes)
}

resource "azurerm_firewall_policy_rule_collection_group" "server" {
  name               = "rcg-server"
  firewall_policy_id = "policy"
  priority           = 1000

  dynamic "network_rule_collection" {
    for_each = local.server.network_rule_collections
    content {
      name     = network_rule_collection.value.name
      priority = network_rule_collection.value.priority
      action   = network_rule_collection.value.action
      dynamic "rule" {
        for_each = network_rule_collection.value.rule
        content {
          name                  = rule.value.name
          description           = rule.value.description
          protocols             = rule.value.protocols
          source_addresses      = rule.value.source_addresses
          source_ip_groups      = rule.value.source_ip_groups
          destination_addresses = rule.value.destination_addresses
          destination_fqdns     = rule.value.destination_fqdns
          destination_ip_groups = rule.value.destination_ip_groups
          destination_ports     = rule.value.destination_ports
        }
      }
    }
  }

  dynamic "application_rule_collection" {
    for_each = local.server.application_rule_collections
    content {
      name     = application_rule_collection.value.name
      priority = application_rule_collection.value.priority
      action   = application_rule_collection.value.action
      dynamic "rule" {
        for_each = application_rule_collection.value.rule
        content {
          name                  = rule.value.name
          description           = rule.value.description
          source_addresses      = rule.value.source_addresses
          destination_fqdns     = rule.value.destination_fqdns
          destination_fqdn_tags = rule.value.destination_fqdn_tags
          destination_urls      = rule.value.destination_urls
          terminate_tls         = rule.value.terminate_tls
          dynamic "protocols" {
            for_each = rule.value.protocols
            content {
              type = protocols.value.type
              port = protocols.value.port
            }
          }
        }
      }
    }
  }
}

module "avm" {
  source         = "./avm"
  security_rules = local.server.security_rules
}

output "names" {
  value = module.avm.names
}
"#;

const SUBNET_4: &str = r#"
resource "azurerm_subnet" "server" {
  name                 = "server"
  resource_group_name  = "rg"
  virtual_network_name = "vnet"
  address_prefixes     = ["10.0.0.0/28"]
  service_endpoints    = local.server.service_endpoints
}
"#;

const SUBNET_5: &str = r#"
resource "azurerm_subnet" "server" {
  name                 = "server"
  resource_group_name  = "rg"
  virtual_network_name = "vnet"
  address_prefixes     = ["10.0.0.0/28"]
  dynamic "service_endpoint" {
    for_each = local.server.service_endpoints
    content {
      service = service_endpoint.value
    }
  }
}
"#;

#[test]
fn azurerm_and_the_verified_modules_take_the_outputs_as_they_are() {
    for (major, subnet) in [("4", SUBNET_4), ("5", SUBNET_5)] {
        let workspace = Workspace::new().env("AZURERM_STUB_MAJOR", major);
        workspace.write_file("avm/main.tf", include_str!("avm/main.tf"));
        workspace.write_file("cli.tfrc", &cli_configuration());
        workspace.write(&format!("{CONFIGURATION}{subnet}"));
        // A local module has to be installed, and the providers are already there.
        workspace.run(&["get"]).expect_success();
        workspace.apply();
        workspace.assert_settled();

        let state = workspace.state();
        let group = state.resource("azurerm_network_security_group.server");
        let rules = group["security_rule"].as_array().map(Vec::len);
        let names = workspace.outputs()["names"].as_array().map(Vec::len);
        assert_eq!(rules, names, "azurerm {major}");
        assert!(rules.is_some_and(|rules| rules >= 6), "azurerm {major}: {rules:?}");
        let routes = state.resource("azurerm_route_table.server")["route"].clone();
        assert_eq!(routes[0]["next_hop_in_ip_address"], "10.0.255.4", "azurerm {major}");
        let collections = state.resource("azurerm_firewall_policy_rule_collection_group.server");
        assert!(
            collections["application_rule_collection"][0]["rule"]
                .as_array()
                .is_some_and(|rules| !rules.is_empty())
        );
    }
}

/// The data sources whose outputs are rules to hand on: the workloads, and several of them at once.
const WITH_RULES: [&str; 9] = [
    "lockeddown_aml_attached_compute_ingress",
    "lockeddown_aml_compute_egress",
    "lockeddown_aml_compute_ingress",
    "lockeddown_aml_databricks_network",
    "lockeddown_aml_kubernetes_egress",
    "lockeddown_composition",
    "lockeddown_cyclecloud_connection",
    "lockeddown_cyclecloud_subnet",
    "lockeddown_license_server_link",
];

/// What `CONFIGURATION` makes of one data source, made of another one.
fn consumers_of(kind: &str, label: &str) -> String {
    let all = CONFIGURATION
        .split("resource \"azurerm_network_security_group\"")
        .nth(1)
        .unwrap_or_default();
    let all = all.split("output \"names\"").next().unwrap_or_default();
    let name = format!("{kind}_{label}");
    format!("resource \"azurerm_network_security_group\"{all}")
        .replace("\" \"server\" {", &format!("\" \"{name}\" {{"))
        .replace("module \"avm\"", &format!("module \"{name}\""))
        .replace("\"./avm\"", "\"../avm\"")
        .replace("local.server.", &format!("data.{kind}.{label}."))
}

#[test]
fn every_workloads_example_is_planned_through_its_consumers() {
    let examples = binaries::repository().join("examples/data-sources");
    let head = CONFIGURATION.split("data \"lockeddown").next().unwrap_or_default();
    // Each example is a module of its own, because some call their data sources alike.
    let requirements = head.split("provider \"azurerm\"").next().unwrap_or_default();
    let (mut root, mut modules) = (head.to_owned(), Vec::new());
    let mut kinds = std::collections::BTreeSet::new();
    let mut groups = Vec::new();
    for entry in std::fs::read_dir(&examples).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !WITH_RULES.contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path().join("data-source.tf")).unwrap_or_default();
        let mut module = format!("{requirements}{text}\n");
        for head in text.lines().filter_map(|line| line.strip_prefix("data \"")) {
            if let [kind, _, label, ..] = head.split('"').collect::<Vec<_>>().as_slice() {
                module.push_str(&consumers_of(kind, label));
                groups.push(format!("module.{name}.azurerm_network_security_group.{kind}_{label}"));
                kinds.insert((*kind).to_owned());
            }
        }
        root.push_str(&format!("module \"{name}\" {{\n  source = \"./{name}\"\n}}\n"));
        modules.push((format!("{name}/main.tf"), module));
    }
    assert_eq!(
        kinds.len(),
        9,
        "one example for each workload, and one for a composition: {kinds:?}"
    );
    for major in ["4", "5"] {
        let workspace = Workspace::new().env("AZURERM_STUB_MAJOR", major);
        workspace.write_file("avm/main.tf", include_str!("avm/main.tf"));
        workspace.write_file("cli.tfrc", &cli_configuration());
        for (path, module) in &modules {
            workspace.write_file(path, module);
        }
        workspace.write(&root);
        workspace.run(&["get"]).expect_success();
        let plan = workspace.plan();
        for group in &groups {
            assert_eq!(plan.change(group).actions, ["create"], "azurerm {major}: {group}");
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
fn cli_configuration() -> String {
    let directory = format!("{:?}", binaries::directory().unwrap().display().to_string());
    format!(
        "disable_checkpoint = true\nprovider_installation {{\n  dev_overrides {{\n    \"lockeddown/lockeddown\" = {directory}\n    \
         \"hashicorp/azurerm\" = {directory}\n  }}\n}}\n"
    )
}
