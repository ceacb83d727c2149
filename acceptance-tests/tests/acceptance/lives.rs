//! What every resource goes through in every place, alone with what is required and with all that goes together: made, settled, imported, destroyed.
//! On each supported Terraform.

use acceptance_tests::terraform::{Terraform, install::NEWEST};

use crate::{
    stage::{Stage, assert_written_once, difference},
    table::{Arguments, Place, Subject, is_full, subjects},
};

struct Instance {
    subject: &'static Subject,
    place: Place,
    number: usize,
    arguments: Arguments,
}

/// What is told on older Terraforms, whose protocol alone differs, unless time is no matter: everything that goes together.
fn complete_alone(terraform: &Terraform) -> bool {
    terraform.release_line() < Terraform::version(NEWEST).release_line() && !is_full()
}

fn instances(complete_alone: bool) -> Vec<Instance> {
    let mut instances = Vec::new();
    for subject in subjects() {
        for place in subject.places() {
            for more in ["", &subject.complete].into_iter().skip(usize::from(complete_alone)) {
                instances.push(Instance {
                    subject,
                    place: *place,
                    number: instances.len(),
                    arguments: subject.arguments(*place, &[more]),
                });
            }
        }
    }
    instances
}

fn live(terraform: Terraform) {
    let instances = instances(complete_alone(&terraform));
    let stage = Stage::new(terraform, instances.len());
    for instance in &instances {
        // Shown where the test fails.
        println!("{}: {} {:?}", instance.number, instance.subject.label, instance.place);
    }
    let before = stage.azure();
    let configuration: String = instances
        .iter()
        .map(|instance| stage.block(&instance.subject.resource, instance.number, &instance.arguments))
        .collect();
    stage.workspace.step(&configuration);
    assert_written_once(&stage.emulator, "made");
    let made = stage.azure();
    for instance in &instances {
        let theirs = format!("-{}/", instance.number);
        let touched = made
            .iter()
            .any(|(id, body)| before.get(id) != Some(body) && format!("{id}/").contains(&theirs));
        assert!(touched, "{} did nothing", instance.number);
    }

    // Forgotten, and found again.
    let state = stage.workspace.state();
    let mut imports = String::new();
    let mut forget = vec!["state".to_owned(), "rm".to_owned()];
    // Among the rules of others one that asks for nothing has left nothing to be found by.
    let is_found = |instance: &&Instance| {
        let values = state.resource(&instance.subject.address(instance.number)).clone();
        let nothing = |list: &str| values[list].as_object().is_none_or(serde_json::Map::is_empty);
        // What has a `-` in its `name_prefix` cannot be told from a neighbour whose name goes on.
        let ambiguous = values["name_prefix"]
            .as_str()
            .is_some_and(|prefix| prefix.contains('-'));
        match instance.place {
            Place::Additive => !(ambiguous || nothing("security_rules") && nothing("routes")),
            Place::Collections => !ambiguous,
            Place::Born | Place::Attached | Place::Policy => true,
        }
    };
    let found: Vec<&Instance> = instances.iter().filter(is_found).collect();
    for instance in &found {
        let address = instance.subject.address(instance.number);
        let values = state.resource(&address);
        let id = values["id"].as_str().unwrap();
        let id = match instance.place {
            Place::Collections => format!("{id}|{}", values["name"].as_str().unwrap()),
            _ => id.to_owned(),
        };
        imports.push_str(&format!("import {{\n  to = {address}\n  id = {id:?}\n}}\n"));
        forget.push(address);
    }
    let forget: Vec<&str> = forget.iter().map(String::as_str).collect();
    stage.workspace.run(&forget).expect_success();
    stage.workspace.write(&format!("{configuration}{imports}"));
    let plan = stage.workspace.plan();
    for instance in &found {
        let address = instance.subject.address(instance.number);
        let actions = plan.change(&address).actions;
        // What stands among the rules of others bears no mark, and no mark holds policies: such arguments come with the next apply.
        let marked = matches!(instance.place, Place::Born | Place::Attached) && instance.subject.resource != "subnet";
        let expected: &[&str] = if marked { &["no-op"] } else { &["no-op", "update"] };
        assert!(
            expected.contains(&actions[0].as_str()),
            "{address}, imported: {:#?}",
            plan.change(&address)
        );
    }
    stage.workspace.step(&format!("{configuration}{imports}"));
    assert_eq!(
        stage.emulator.requests().writes().lines(),
        Vec::<String>::new(),
        "an import writes nothing"
    );

    stage.workspace.destroy();
    let mut left = difference(&before, &stage.azure());
    // Where no mark says it, an import cannot know what a subnet had before: a group, table or endpoint of others that it has stays.
    let unmarked = |at: &str| {
        let number = |instance: &&Instance| {
            let network = format!("/virtualNetworks/vnet-{}", instance.number);
            at.contains(&format!("{network} ")) || at.contains(&format!("{network}/"))
        };
        let instance = found.iter().copied().find(number);
        instance.is_some_and(|instance| instance.place == Place::Additive)
    };
    left.retain(|line| {
        let (at, _) = line.split_once(": was null").unwrap_or((line, ""));
        let stays = ["networkSecurityGroup", "routeTable", "serviceEndpoints"];
        let stays = unmarked(at) && stays.iter().any(|property| at.ends_with(property));
        !(stays || at.contains("/shared-") && at.ends_with(".subnets"))
    });
    assert!(left.is_empty(), "destroyed, and yet:\n{}", left.join("\n"));
}

#[test]
fn on_the_oldest_terraform() {
    live(Terraform::version("1.8"));
}

#[test]
fn on_the_first_terraform_with_write_only_arguments() {
    live(Terraform::version("1.11"));
}

#[test]
fn on_the_terraform_under_test() {
    live(Terraform::under_test());
}
