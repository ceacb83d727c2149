//! What the provider computes, beside the same in plain HCL: `jsondecode` and `for`.

use std::path::Path;
use std::process::Command;

use acceptance_tests::terraform::binaries;

use super::applies::{directory, timed};
use super::{REQUIREMENT, median, milliseconds};
use crate::failure::Result;
use crate::progress::Status;

const ROUNDS: usize = 7;
/// Microsoft's file, beside the repository.
const FILE: &str = "../shared/data/ServiceTags_Public_cn376.json";

/// The rows of the table. Without the file there are none for service tags.
pub(super) fn measure(home: &Path, command: &impl Fn(&Path) -> Command, status: &Status) -> Result<Vec<[String; 2]>> {
    let mut pairs = vec![("rules of a CycleCloud server", server_by_us(), server_by_hand())];
    if let Ok(file) = binaries::repository().join(FILE).canonicalize() {
        let file = file.display().to_string();
        pairs.push(("one tag of the 4 MB file", tags_by_us(&file, 1), tags_by_hand(&file, 1)));
        pairs.push((
            "ten tags of the 4 MB file",
            tags_by_us(&file, 10),
            tags_by_hand(&file, 10),
        ));
    }
    let mut rows = Vec::new();
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
        rows.push([
            format!("plan of {what}; in plain HCL"),
            format!(
                "{}; {}",
                milliseconds(median(by_us.into_iter())),
                milliseconds(median(by_hand.into_iter()))
            ),
        ]);
    }
    status.show("");
    Ok(rows)
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
