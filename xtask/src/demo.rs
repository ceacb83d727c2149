//! `cargo xtask demo`: the whole story on one machine, without an Azure account.
//!
//! Every step checks what it claims, against Azure Resource Manager (the emulator) rather than against Terraform's own
//! words, so a demo that ends well means something.

mod project;
mod report;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use self::project::{Project, list};
use crate::azure::{Azure, LandingZone};
use crate::emulator::Emulator;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{interrupts, mirror, programs, rules_table};

const STEPS: usize = 11;

/// A resource of the example, as Terraform knows it after an apply.
struct Subnet {
    address: String,
    id: String,
    network_security_group: String,
    rules: Value,
}

/// Plays the demo, or writes the report.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => play(),
        ["--report"] => report::write(Path::new(report::DEFAULT_PATH)),
        ["--report", path] => report::write(Path::new(path)),
        [unknown, ..] => Err(Failure::new(format!(
            "Unknown argument\n`demo` takes `--report [PATH]` only; `{unknown}` was given."
        ))),
    }
}

fn play() -> Result<ExitCode> {
    let _held = interrupts::hold()?;
    let mut progress = Progress::new(STEPS);
    tell("A landing zone for CycleCloud and Azure Machine Learning, locked down as Microsoft documents it.\n");

    let built = progress.step("building the provider", programs::build)?;
    let terraform = progress.step("finding Terraform", programs::find_terraform)?;
    let mut project = Project::new(terraform, mirror::make(&built)?)?;
    let azure = progress.step("starting the Azure Resource Manager emulator", |status| {
        let emulator = Emulator::start(&project.directory().join("emulator"))?;
        let azure = Azure::connect(&emulator.connection)?;
        status.show(&emulator.connection.endpoint);
        project.connect(emulator);
        Ok(azure)
    })?;
    let zone = progress.step("creating hub and networks, as a platform team would", |_| {
        azure.create_hub_and_spokes()
    })?;
    project.set("resource_group_id", &zone.resource_group);
    project.set("hub", &zone.hub.to_string());

    progress.step("terraform init", |_| project.terraform(&["init"]).map(drop))?;
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
    let (subnets, proven) = progress.step("terraform apply", |status| {
        status.show(summary(
            &project.terraform(&["apply", "plan.tfplan"])?,
            "Apply complete!",
        ));
        let state = project.show(&[])?;
        let subnets = subnets(&state)?;
        check_applied(&azure, &subnets)?;
        Ok((subnets, report::of(&state, "/values/outputs")?))
    })?;
    let first = subnets
        .first()
        .ok_or_else(|| Failure::new("The state has no resource with security rules"))?;
    tell(&format!("\n  Rules of {}", first.address));
    tell(&rules_table::render(&first.rules));
    tell(&format!("  What is proven of each subnet\n{}", report::table(&proven)));

    let victim = first_allowed(&first.rules)?;
    let victim_id = format!("{}/securityRules/{victim}", first.network_security_group);
    progress.step(&format!("somebody deletes the rule {victim} in the portal"), |_| {
        azure.delete_network_resource(&victim_id)
    })?;
    let drift = progress.step("terraform plan finds exactly that rule", |status| {
        let changes = project.plan()?;
        status.show(summary(&changes, "Plan:"));
        check_drift(&planned(&project, &first.address)?, &victim)?;
        Ok(changes)
    })?;
    tell(&format!("\n{drift}\n"));
    progress.step("terraform apply restores it", |_| {
        project.terraform(&["apply", "plan.tfplan"])?;
        check_applied(&azure, &subnets)?;
        require(
            project.plan()?.is_empty(),
            true,
            "The plan after the repair is not empty",
            "",
        )
    })?;
    progress.step(
        "terraform destroy leaves the platform team's networks as they were",
        |_| {
            project.terraform(&["destroy", "-auto-approve"])?;
            check_destroyed(&azure, &subnets, &zone)
        },
    )?;
    tell(
        "\nNothing is left. To see the report: cargo xtask demo --report. To try it yourself: cargo xtask terraform --emulator -- \
         -chdir=examples/cyclecloud-server plan",
    );
    Ok(ExitCode::SUCCESS)
}

/// The resources with security rules in the state.
fn subnets(state: &Value) -> Result<Vec<Subnet>> {
    let found = list(state, "/values/root_module/resources").filter_map(|resource| {
        let values = resource.get("values")?;
        let text = |name: &str| values.get(name)?.as_str().map(str::to_owned);
        Some(Subnet {
            address: resource.get("address")?.as_str()?.to_owned(),
            id: text("subnet_id")?,
            network_security_group: text("network_security_group_id")?,
            rules: values.get("security_rules").filter(|rules| rules.is_object())?.clone(),
        })
    });
    let found: Vec<Subnet> = found.collect();
    if found.is_empty() {
        return Err(Failure::new(format!(
            "The state has no resource with security rules\n{state:#}"
        )));
    }
    Ok(found)
}

/// The planned change of one resource: its security rules before and after.
fn planned(project: &Project, address: &str) -> Result<(Value, Value)> {
    let plan = project.show(&["plan.tfplan"])?;
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

/// Every rule Terraform knows must be there, and no other.
fn check_applied(azure: &Azure, subnets: &[Subnet]) -> Result<()> {
    for subnet in subnets {
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
        )?;
    }
    Ok(())
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

fn check_destroyed(azure: &Azure, subnets: &[Subnet], zone: &LandingZone) -> Result<()> {
    for id in subnets
        .iter()
        .flat_map(|subnet| [&subnet.id, &subnet.network_security_group])
    {
        require(
            azure.network_resource(id)?.is_none(),
            true,
            "Destroyed, but still there",
            id,
        )?;
    }
    for id in &zone.networks {
        require(
            azure.network_resource(id)?.is_some(),
            true,
            "A virtual network is gone, but it was not ours",
            id,
        )?;
    }
    Ok(())
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

/// The line of Terraform's output that starts with `marker`, without it.
fn summary(output: &str, marker: &str) -> String {
    let line = output.lines().find_map(|line| line.strip_prefix(marker));
    line.unwrap_or_default().trim().to_owned()
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
}
