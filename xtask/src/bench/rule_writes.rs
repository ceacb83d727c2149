//! All rules of a group in one write, as the provider does it, beside one write for each rule, as a resource for each rule does it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::applies::{directory, timed};
use super::{REQUIREMENT, Table, milliseconds};
use crate::azure::{self, Azure};
use crate::emulator::Emulator;
use crate::failure::Result;

/// What a write of Azure takes at the least is some seconds; a part of that shows the same.
const A_WRITE: [&str; 4] = ["--operation-ms", "500", "--retry-after", "0"];

/// Adds rows to the table.
pub(super) fn measure(
    emulator: &Path,
    home: &Path,
    command: &impl Fn(&Path) -> Command,
    table: &mut Table,
) -> Result<()> {
    let running = Emulator::start_in_memory(emulator, &A_WRITE)?;
    let platform = Azure::connect(&running.connection)?;
    platform.create_landing_zone()?;
    let network = azure::virtual_network_id(&running.connection.subscription_id);
    let place = directory(home, "rules", &subnet(&network), None)?;
    let run = |arguments: &[&str]| {
        let mut command = command(&place);
        running.configure(&mut command);
        timed(command, arguments)
    };
    run(&["init", "-no-color", "-input=false"])?;
    let together = run(&["apply", "-no-color", "-input=false", "-auto-approve"])?;

    let group = network.replace("virtualNetworks/", "networkSecurityGroups/");
    let (group, _) = group.rsplit_once('/').unwrap_or_default();
    let made = platform
        .network_resource(&format!("{group}/nsg-bench"))?
        .unwrap_or_default();
    let rules = made.pointer("/properties/securityRules").and_then(Value::as_array);
    let rules = rules.cloned().unwrap_or_default();
    let started = Instant::now();
    platform.write_rule_by_rule(&format!("{group}/nsg-by-hand"), &rules)?;
    let apart = started.elapsed();
    run(&["destroy", "-no-color", "-input=false", "-auto-approve"])?;
    table.row(
        format!(
            "apply of a subnet with {} rules, where each write takes half a second",
            rules.len()
        ),
        milliseconds(Some(together)),
    );
    table.row(
        format!("the same {} rules, a write for each and no Terraform", rules.len()),
        milliseconds(Some(apart)),
    );
    Ok(())
}

fn subnet(network: &str) -> String {
    format!(
        r#"{REQUIREMENT}
resource "lockeddown_aml_compute_egress" "bench" {{
  name                         = "bench"
  virtual_network_id           = "{network}"
  location                     = "westeurope"
  address_prefixes             = ["10.0.0.0/24"]
  default_storage_account_name = "storageofbench"
  egress                       = {{ type = "service_tags", outbound_method = "nat_gateway" }}
  waived_requirements          = {{}}
}}
"#
    )
}
