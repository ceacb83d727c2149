//! What the provider computes, beside the same in plain HCL: `jsondecode` and `for`.

use std::path::Path;
use std::process::Command;

use acceptance_tests::terraform::binaries;

use super::applies::{directory, timed};
use super::{REQUIREMENT, Table, median, milliseconds};
use crate::failure::Result;
use crate::progress::Status;

const ROUNDS: usize = 7;
/// Microsoft's file, beside the repository.
const FILE: &str = "../shared/data/ServiceTags_Public_cn376.json";

/// Adds rows to the table. Without the file there are none for service tags.
pub(super) fn measure(
    home: &Path,
    command: &impl Fn(&Path) -> Command,
    status: &Status,
    table: &mut Table,
) -> Result<()> {
    let mut pairs = vec![
        ("rules of a CycleCloud server", server_by_us(), server_by_hand()),
        (
            "two workloads composed for one subnet",
            composition_by_us(),
            composition_by_hand(),
        ),
        ("the rules of a server, proven", proof_by_us(), proof_by_hand()),
    ];
    if let Ok(file) = binaries::repository().join(FILE).canonicalize() {
        let file = file.display().to_string();
        pairs.push(("one tag of the 4 MB file", tags_by_us(&file, 1), tags_by_hand(&file, 1)));
        pairs.push((
            "ten tags of the 4 MB file",
            tags_by_us(&file, 10),
            tags_by_hand(&file, 10),
        ));
    }
    for (number, (what, ours, plain)) in pairs.iter().enumerate() {
        status.show(*what);
        let ours = directory(home, &format!("ours-{number}"), ours, None)?;
        let plain = directory(home, &format!("plain-{number}"), plain, None)?;
        for place in [&ours, &plain] {
            timed(command(place), &["init", "-no-color", "-input=false"])?;
        }
        let (mut by_us, mut by_hand) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            by_us.push(timed(command(&ours), &PLAN)?);
            by_hand.push(timed(command(&plain), &PLAN)?);
        }
        table.row(
            format!("plan of {what}; in plain HCL"),
            format!(
                "{}; {}",
                milliseconds(median(by_us.into_iter())),
                milliseconds(median(by_hand.into_iter()))
            ),
        );
    }
    status.show("");
    Ok(())
}

const PLAN: [&str; 3] = ["plan", "-no-color", "-input=false"];

/// Tags that every region has.
const TAGS: [&str; 10] = [
    "Storage",
    "AzureContainerRegistry",
    "AzureKeyVault",
    "Sql",
    "EventHub",
    "ServiceBus",
    "AzureMonitor",
    "BatchNodeManagement",
    "MicrosoftContainerRegistry",
    "AzureCosmosDB",
];

fn tags_by_us(file: &str, many: usize) -> String {
    let tags: Vec<String> = TAGS.iter().take(many).map(|tag| format!("{tag:?}")).collect();
    format!(
        r#"{REQUIREMENT}
data "lockeddown_service_tag" "bench" {{
  path     = "{file}"
  tags     = [{}]
  location = "westeurope"
}}

output "prefixes" {{
  value = length(data.lockeddown_service_tag.bench.ipv4_prefixes)
}}
"#,
        tags.join(", ")
    )
}

/// Without aggregation, differences and the words for what is misspelt.
fn tags_by_hand(file: &str, many: usize) -> String {
    let tags: Vec<String> = TAGS
        .iter()
        .take(many)
        .map(|tag| format!("\"{tag}.WestEurope\""))
        .collect();
    format!(
        r#"locals {{
  file     = jsondecode(file("{file}"))
  prefixes = distinct(flatten([for tag in [{}] : [for value in local.file.values : value.properties.addressPrefixes if value.name == tag]]))
}}

output "prefixes" {{
  value = length([for prefix in local.prefixes : prefix if !strcontains(prefix, ":")])
}}
"#,
        tags.join(", ")
    )
}

fn server_by_us() -> String {
    format!(
        r#"{REQUIREMENT}
data "lockeddown_cyclecloud_subnet" "bench" {{
  location                = "westeurope"
  role                    = "server"
  subnet_address_prefixes = ["10.0.0.0/28"]
  node_address_prefixes   = ["10.1.0.0/24"]
}}

output "rules" {{
  value = data.lockeddown_cyclecloud_subnet.bench.security_rules
}}
"#
    )
}

/// The rules alone: nothing is proven, and nobody says where they come from.
fn server_by_hand() -> String {
    r#"locals {
  rows = [
    ["AllowAzureStorage", 100, "Outbound", "Allow", "Tcp", "443", "10.0.0.0/28", "Storage"],
    ["AllowActiveDirectory", 101, "Outbound", "Allow", "Tcp", "443", "10.0.0.0/28", "AzureActiveDirectory"],
    ["AllowAzureMonitor", 102, "Outbound", "Allow", "Tcp", "443", "10.0.0.0/28", "AzureMonitor"],
    ["AllowAzureRM", 103, "Outbound", "Allow", "Tcp", "443", "10.0.0.0/28", "AzureResourceManager"],
    ["https_9443", 110, "Inbound", "Allow", "Tcp", "9443", "10.1.0.0/24", "10.0.0.0/28"],
    ["BlockOutbound", 4000, "Outbound", "Deny", "*", "*", "10.0.0.0/28", "Internet"],
  ]
  keys = ["name", "priority", "direction", "access", "protocol", "destination_port_range", "source_address_prefix", "destination_address_prefix"]
}

output "rules" {
  value = { for row in local.rows : row[0] => zipmap(local.keys, row) }
}
"#
    .to_owned()
}

fn composition_by_us() -> String {
    format!(
        r#"{REQUIREMENT}
data "lockeddown_cyclecloud_subnet" "bench" {{
  location                = "westeurope"
  role                    = "node"
  subnet_address_prefixes = ["10.0.1.0/24"]
  server_address_prefixes = ["10.0.0.0/28"]
}}

data "lockeddown_aml_compute_ingress" "bench" {{
  location                = "westeurope"
  subnet_address_prefixes = ["10.0.1.0/24"]
}}

data "lockeddown_composition" "bench" {{
  policies = [data.lockeddown_cyclecloud_subnet.bench.policy, data.lockeddown_aml_compute_ingress.bench.policy]
}}

output "rules" {{
  value = data.lockeddown_composition.bench.security_rules
}}
"#
    )
}

/// Merged, and no priority twice in one direction. Nobody says which workload a rule is from, and what they need of each other is not proven.
fn composition_by_hand() -> String {
    r#"locals {
  keys = ["name", "priority", "direction", "access", "protocol", "destination_port_range", "source_address_prefix", "destination_address_prefix"]
  nodes = [
    ["https_9443", 110, "Outbound", "Allow", "Tcp", "9443", "10.0.1.0/24", "10.0.0.0/28"],
    ["AllowAzureStorage", 130, "Outbound", "Allow", "Tcp", "443", "10.0.1.0/24", "Storage"],
    ["BlockOutbound", 4000, "Outbound", "Deny", "*", "*", "10.0.1.0/24", "Internet"],
  ]
  ingress = [
    ["AllowBatchNodeManagement", 150, "Inbound", "Allow", "Tcp", "29876-29877", "BatchNodeManagement", "10.0.1.0/24"],
    ["AllowAzureMachineLearning", 151, "Inbound", "Allow", "Tcp", "44224", "AzureMachineLearning", "10.0.1.0/24"],
  ]
  rules = { for row in concat(local.nodes, local.ingress) : row[0] => zipmap(local.keys, row) }
}

output "rules" {
  value = local.rules

  precondition {
    condition     = length(distinct([for rule in local.rules : "${rule.direction} ${rule.priority}"])) == length(local.rules)
    error_message = "Two rules have one priority."
  }
}
"#
    .to_owned()
}

/// Flows that a server needs, as rows of protocol, port and tag.
const FLOWS: &str = r#"[
    ["Tcp", "443", "Storage"],
    ["Tcp", "443", "AzureActiveDirectory"],
    ["Tcp", "443", "AzureMonitor"],
    ["Tcp", "443", "AzureResourceManager"],
  ]"#;

fn proof_by_us() -> String {
    format!(
        r#"{REQUIREMENT}
{HAND_WRITTEN}
data "lockeddown_verification" "bench" {{
  security_rules = local.rules

  required_flows = {{
    for flow in {FLOWS} : flow[2] => {{ protocol = flow[0], port = flow[1], peer = flow[2] }}
  }}
}}

output "verdict" {{
  value = data.lockeddown_verification.bench.verdict
}}
"#
    )
}

/// The first rule, by priority, that names exactly the flow's tag and port or everything. No set algebra: a range, a list, a prefix or an overlapping
/// tag is beyond it, and so is every question of what passes besides.
fn proof_by_hand() -> String {
    format!(
        r#"{HAND_WRITTEN}
locals {{
  ordered = [for key in sort([for rule in local.rules : format("%05d", rule.priority)]) : [for rule in local.rules : rule if format("%05d", rule.priority) == key][0]]
  verdicts = {{
    for flow in {FLOWS} : flow[2] => [
      for rule in local.ordered : rule.access
      if rule.direction == "Outbound" && contains(["*", flow[0]], rule.protocol) && contains(["*", flow[1]], rule.destination_port_range)
      && contains(["*", "Internet", flow[2]], rule.destination_address_prefix)
    ][0]
  }}
}}

output "verdict" {{
  value = alltrue([for access in local.verdicts : access == "Allow"]) ? "proven" : "refuted"
}}
"#
    )
}

const HAND_WRITTEN: &str = r#"locals {
  rules = {
    for number, tag in ["Storage", "AzureActiveDirectory", "AzureMonitor", "AzureResourceManager", "Internet"] : tag => {
      priority                   = 100 + number
      direction                  = "Outbound"
      access                     = tag == "Internet" ? "Deny" : "Allow"
      protocol                   = tag == "Internet" ? "*" : "Tcp"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = tag == "Internet" ? "*" : "443"
      destination_address_prefix = tag
    }
  }
}
"#;
