//! `cargo xtask demo`: the whole story on one machine, without an Azure account.
//!
//! Every step checks what it claims, against Azure Resource Manager (the emulator) rather than against Terraform's own
//! words, so a demo that ends well means something.

mod report;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use acceptance_tests::terraform::{Terraform, binaries};
use serde_json::Value;
use tempfile::TempDir;

use crate::azure::{Azure, virtual_network_id};
use crate::emulator::Emulator;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{interrupts, mirror, programs, rules_table, terraform};

const EXAMPLE: &str = "examples/cyclecloud-server";
const STEPS: usize = 11;

/// A copy of the example in a directory of its own, and what its Terraform commands need.
struct Project {
    directory: TempDir,
    terraform: Terraform,
    cli_configuration: PathBuf,
    emulator: Emulator,
}

/// The example's resource, as Terraform knows it after an apply.
struct Subnet {
    address: String,
    id: String,
    network_security_group: String,
    rules: Value,
}

/// Plays the demo.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["--report"] => return report::write(Path::new(report::DEFAULT_PATH)),
        ["--report", path] => return report::write(Path::new(path)),
        [unknown, ..] => {
            return Err(Failure::new(format!(
                "Unknown argument\n`demo` takes `--report [PATH]` only; `{unknown}` was given."
            )));
        }
    }
    let _held = interrupts::hold()?;
    let mut progress = Progress::new(STEPS);
    tell("A subnet for an Azure CycleCloud server, locked down as Microsoft documents it.\n");

    let built = progress.step("building the provider", programs::build)?;
    let terraform = progress.step("finding Terraform", programs::find_terraform)?;
    let directory = TempDir::with_prefix("lockeddown-demo-").map_err(Failure::while_doing("No temporary directory"))?;
    let (emulator, azure) = progress.step("starting the Azure Resource Manager emulator", |status| {
        let emulator = Emulator::start(&directory.path().join("emulator"))?;
        let azure = Azure::connect(&emulator.connection)?;
        status.show(&emulator.connection.endpoint);
        Ok((emulator, azure))
    })?;
    progress.step(
        "creating a resource group and a virtual network, as a platform team would",
        |_| azure.create_landing_zone(),
    )?;

    let project = Project {
        directory,
        terraform,
        cli_configuration: mirror::make(&built)?,
        emulator,
    };
    progress.step("terraform init", |_| {
        copy_files(&binaries::repository().join(EXAMPLE), &project.root())?;
        project.terraform(&["init"]).map(drop)
    })?;
    progress.step("terraform plan", |status| {
        let changes = project.plan()?;
        status.show(summary(&changes, "Plan:"));
        require(
            changes.is_empty(),
            false,
            "The plan of a new configuration is empty",
            "",
        )
    })?;
    let subnet = progress.step("terraform apply", |status| {
        status.show(summary(
            &project.terraform(&["apply", "plan.tfplan"])?,
            "Apply complete!",
        ));
        let subnet = project.subnet()?;
        check_applied(&azure, &subnet)?;
        Ok(subnet)
    })?;
    tell(&rules_table::render(&subnet.rules));

    let victim = first_allowed(&subnet.rules)?;
    let victim_id = format!("{}/securityRules/{victim}", subnet.network_security_group);
    progress.step(&format!("somebody deletes the rule {victim} in the portal"), |_| {
        azure.delete_network_resource(&victim_id)
    })?;
    let drift = progress.step("terraform plan finds exactly that rule", |status| {
        let changes = project.plan()?;
        status.show(summary(&changes, "Plan:"));
        check_drift(&project.planned(&subnet.address)?, &victim)?;
        Ok(changes)
    })?;
    tell(&format!("\n{drift}\n"));
    progress.step("terraform apply restores it", |_| {
        project.terraform(&["apply", "plan.tfplan"])?;
        check_applied(&azure, &subnet)?;
        require(
            project.plan()?.is_empty(),
            true,
            "The plan after the repair is not empty",
            "",
        )
    })?;
    progress.step("terraform destroy leaves the platform team's network as it was", |_| {
        project.terraform(&["destroy", "-auto-approve"])?;
        check_destroyed(&azure, &subnet, &project.emulator.connection.subscription_id)
    })?;
    tell(
        "\nNothing is left. To try it yourself: cargo xtask terraform --emulator -- -chdir=examples/cyclecloud-server plan",
    );
    Ok(ExitCode::SUCCESS)
}

impl Project {
    fn root(&self) -> PathBuf {
        self.directory.path().join("example")
    }

    /// Runs Terraform to its end and gives its standard output.
    fn terraform(&self, arguments: &[&str]) -> Result<String> {
        let (code, output) = self.finished(arguments)?;
        if code == Some(0) {
            Ok(output)
        } else {
            Err(Failure::new(format!(
                "`terraform {}` failed\n{output}",
                arguments.join(" ")
            )))
        }
    }

    /// Plans into `plan.tfplan`, and gives the changes as Terraform prints them; empty if there are none.
    fn plan(&self) -> Result<String> {
        let (code, output) = self.finished(&["plan", "-detailed-exitcode", "-out=plan.tfplan"])?;
        match code {
            Some(0) => Ok(String::new()),
            Some(2) => Ok(changes_only(&output)),
            _ => Err(Failure::new(format!("`terraform plan` failed\n{output}"))),
        }
    }

    fn finished(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let mut command: Command = terraform::command(&self.terraform, &self.cli_configuration);
        for (name, _) in std::env::vars_os() {
            // The demo is the same for everybody, whatever variables and options their shell sets for Terraform.
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("TF_") && name != "TF_CLI_CONFIG_FILE")
            {
                command.env_remove(name);
            }
        }
        self.emulator.configure(&mut command);
        let (subcommand, options) = arguments.split_first().unwrap_or((&"version", &[]));
        command.arg(subcommand).arg("-no-color");
        if ["init", "plan", "apply", "destroy"].contains(subcommand) {
            command.arg("-input=false");
        }
        let output = command
            .args(options)
            .current_dir(self.root())
            .env("TF_IN_AUTOMATION", "1")
            .env(
                "TF_VAR_virtual_network_id",
                virtual_network_id(&self.emulator.connection.subscription_id),
            )
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        let code = output.status.code();
        let printed = if matches!(code, Some(0 | 2)) {
            output.stdout
        } else {
            [output.stdout, output.stderr].concat()
        };
        Ok((code, String::from_utf8_lossy(&printed).into_owned()))
    }

    fn show(&self, what: &[&str]) -> Result<Value> {
        let shown = self.terraform(&[&["show", "-json"], what].concat())?;
        serde_json::from_str(&shown).map_err(Failure::while_doing("`terraform show -json` gave no JSON"))
    }

    /// The one resource with security rules in the state.
    fn subnet(&self) -> Result<Subnet> {
        let state = self.show(&[])?;
        let found = list(&state, "/values/root_module/resources").find_map(|resource| {
            let values = resource.get("values")?;
            let text = |name: &str| values.get(name)?.as_str().map(str::to_owned);
            Some(Subnet {
                address: resource.get("address")?.as_str()?.to_owned(),
                id: text("subnet_id")?,
                network_security_group: text("network_security_group_id")?,
                rules: values.get("security_rules").filter(|rules| rules.is_object())?.clone(),
            })
        });
        found.ok_or_else(|| Failure::new(format!("The state has no resource with security rules\n{state:#}")))
    }

    /// The planned change of one resource: its security rules before and after.
    fn planned(&self, address: &str) -> Result<(Value, Value)> {
        let plan = self.show(&["plan.tfplan"])?;
        let change = list(&plan, "/resource_changes")
            .find(|entry| entry.get("address").and_then(Value::as_str) == Some(address))
            .and_then(|entry| entry.get("change"))
            .ok_or_else(|| Failure::new(format!("The plan says nothing about `{address}`")))?;
        let rules = |side: &str| {
            change
                .pointer(&format!("/{side}/security_rules"))
                .cloned()
                .unwrap_or_default()
        };
        Ok((rules("before"), rules("after")))
    }
}

/// Every rule Terraform knows must be there, and no other.
fn check_applied(azure: &Azure, subnet: &Subnet) -> Result<()> {
    let group = azure
        .network_resource(&subnet.network_security_group)?
        .unwrap_or_default();
    let mut applied: Vec<_> = list(&group, "/properties/securityRules")
        .filter_map(|rule| rule.get("name")?.as_str())
        .collect();
    let mut expected = names(&subnet.rules);
    applied.sort_unstable();
    expected.sort_unstable();
    require(
        applied,
        expected,
        "The network security group does not have the rules of the plan",
        &subnet.network_security_group,
    )
}

fn check_drift((before, after): &(Value, Value), victim: &str) -> Result<()> {
    let missing: Vec<_> = names(after)
        .into_iter()
        .filter(|name| before.get(name).is_none())
        .collect();
    require(
        missing,
        vec![victim],
        "The plan does not restore exactly the deleted rule",
        "",
    )?;
    let others = |rules: &Value| {
        let mut rules = rules.as_object().cloned().unwrap_or_default();
        rules.remove(victim);
        rules
    };
    require(
        others(before) == others(after),
        true,
        "The plan changes rules that nobody touched",
        "",
    )
}

fn check_destroyed(azure: &Azure, subnet: &Subnet, subscription: &str) -> Result<()> {
    for id in [&subnet.id, &subnet.network_security_group] {
        require(
            azure.network_resource(id)?.is_none(),
            true,
            "Destroyed, but still there",
            id,
        )?;
    }
    let network = virtual_network_id(subscription);
    require(
        azure.network_resource(&network)?.is_some(),
        true,
        "The virtual network is gone, but it was not ours",
        &network,
    )
}

/// The first outbound rule that lets something pass.
fn first_allowed(rules: &Value) -> Result<String> {
    let is = |rule: &Value, name: &str, value: &str| rule.get(name).and_then(Value::as_str) == Some(value);
    (rules.as_object().into_iter().flatten())
        .find(|(_, rule)| is(rule, "direction", "Outbound") && is(rule, "access", "Allow"))
        .map(|(name, _)| name.clone())
        .ok_or_else(|| Failure::new("There is no outbound rule to delete"))
}

fn require<T: PartialEq + std::fmt::Debug>(found: T, expected: T, otherwise: &str, about: &str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{otherwise}\n{about}\nfound:    {found:?}\nexpected: {expected:?}"
    )))
}

fn names(rules: &Value) -> Vec<&str> {
    rules
        .as_object()
        .into_iter()
        .flat_map(|rules| rules.keys())
        .map(String::as_str)
        .collect()
}

fn list<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    document
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// What Terraform is going to do, up to its `Plan:` line: without the note on drift and the legend before it, and without
/// the advice after it.
fn changes_only(plan: &str) -> String {
    let actions = plan
        .split_once("will perform the following actions:")
        .map_or(plan, |(_, actions)| actions);
    let end = actions.find("\nPlan: ").map_or(actions.len(), |start| {
        let rest = actions.get(start + 1..).unwrap_or_default();
        start + 1 + rest.find('\n').unwrap_or(rest.len())
    });
    actions.get(..end).unwrap_or(actions).trim_matches('\n').to_owned()
}

/// The line of Terraform's output that starts with `marker`, without it.
fn summary(output: &str, marker: &str) -> String {
    let line = output.lines().find_map(|line| line.strip_prefix(marker));
    line.unwrap_or_default().trim().to_owned()
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let failed = |path: &Path| Failure::while_doing::<std::io::Error>(format!("`{}` cannot be copied", path.display()));
    std::fs::create_dir_all(to).map_err(failed(to))?;
    for entry in std::fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        if path.extension().is_some_and(|extension| extension == "tf")
            && let Some(name) = path.file_name()
        {
            std::fs::copy(&path, to.join(name)).map_err(failed(&path))?;
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the demo's story is its result")]
fn tell(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_drift_is_exactly_the_deleted_rule() {
        let all = json!({ "A": { "priority": 100 }, "B": { "priority": 101 } });
        let without_b = json!({ "A": { "priority": 100 } });
        assert!(check_drift(&(without_b.clone(), all.clone()), "B").is_ok());
        assert!(
            check_drift(&(all.clone(), all.clone()), "B").is_err(),
            "nothing is restored"
        );
        assert!(
            check_drift(&(json!({}), all.clone()), "B").is_err(),
            "more than one rule is restored"
        );
        let edited = json!({ "A": { "priority": 200 } });
        assert!(
            check_drift(&(edited, all), "B").is_err(),
            "a rule nobody touched changes too"
        );
    }

    #[test]
    fn the_excerpt_of_a_plan_has_the_changes_and_the_summary() {
        let plan = "Note: a drift\n\n  # one has changed\n\nTerraform will perform the following actions:\n\n  # one will be created\n  + one\n\nPlan: 1 to add.\n\nSaved.";
        assert_eq!(
            changes_only(plan),
            "  # one will be created\n  + one\n\nPlan: 1 to add."
        );
        assert_eq!(summary(plan, "Plan:"), "1 to add.");
    }
}
