//! Everything that a resource made is deleted or edited behind Terraform's back, piece by piece: the plan shows it, and the apply puts it back.

use std::collections::BTreeMap;

use acceptance_tests::terraform::Terraform;
use serde_json::{Value, json};

use crate::{
    stage::{Stage, assert_written_once, difference},
    table::{Place, Subject, is_full_or_says_so, subjects},
};

/// What has no id of its own in Azure.
const COLLECTIONS: &str = "ruleCollections";

/// What one resource loses.
#[derive(Clone, Debug)]
enum Loss {
    /// An object, by the end of its id; whoever refers to it no longer does.
    Object(String),
    /// A collection of a group.
    Collection(String, String),
    /// What the subnet refers to by this property, which is not deleted.
    Association(&'static str),
    /// A field of an object, set to something else by hand.
    Field(String, &'static str, Value),
}

/// What somebody would edit in an object: a JSON pointer and a value.
fn edits(id: &str) -> Option<(&'static str, Value)> {
    let kind = id.rsplit('/').nth(1)?;
    Some(match kind {
        "securityRules" => ("/properties/description", json!("By hand.")),
        "routes" => ("/properties/addressPrefix", json!("10.251.0.0/16")),
        "networkSecurityGroups" | "routeTables" => ("/tags", json!({ "by": "hand" })),
        "ruleCollectionGroups" => ("/properties/priority", json!(333)),
        "subnets" => ("/properties/defaultOutboundAccess", json!(true)),
        _ => return None,
    })
}

/// What of a resource can be lost: what is there with it and not without it. Of the entries of one list the first, the last and one between.
fn losses(subject: &Subject, place: Place) -> Vec<Loss> {
    let stage = Stage::new(Terraform::under_test(), 1);
    let before = stage.azure();
    stage.workspace.write(&block(&stage, subject, place, 0));
    stage.workspace.apply();
    let after = stage.azure();
    let mut losses = Vec::new();
    let short = |id: &str| {
        id.split("Microsoft.Network/")
            .nth(1)
            .unwrap_or_default()
            .replace("-0", "-#")
    };
    let mut lists: BTreeMap<String, Vec<Loss>> = BTreeMap::new();
    for (id, body) in &after {
        if !before.contains_key(id) {
            let (list, _) = id.rsplit_once('/').unwrap();
            let list = lists.entry(list.to_owned()).or_default();
            if let (true, Some((pointer, value))) = (list.is_empty(), edits(id)) {
                losses.push(Loss::Field(short(id), pointer, value));
            }
            list.push(Loss::Object(short(id)));
        }
        let names = |body: Option<&Value>| -> Vec<String> {
            let entries = body
                .and_then(|body| body["properties"][COLLECTIONS].as_array())
                .cloned();
            let entries = entries.unwrap_or_default();
            entries
                .iter()
                .map(|entry| entry["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let old = names(before.get(id));
        let new = names(Some(body)).into_iter().filter(|name| !old.contains(name));
        losses.extend(new.map(|name| Loss::Collection(short(id), name.replace("-0", "-#"))));
    }
    for list in lists.into_values() {
        let last = list.len() - 1;
        let mut sample = vec![0, last / 2, last];
        sample.dedup();
        losses.extend(sample.into_iter().map(|index| list[index].clone()));
    }
    for property in ["networkSecurityGroup", "routeTable"] {
        let has = |azure: &BTreeMap<String, Value>| {
            azure
                .iter()
                .any(|(id, body)| id.contains("/subnets/") && body["properties"].get(property).is_some())
        };
        if has(&after) && !has(&before) {
            losses.push(Loss::Association(property));
        }
    }
    losses
}

/// With as much of everything as there can be: rules, routes and collections.
fn block(stage: &Stage, subject: &Subject, place: Place, number: usize) -> String {
    let mut more = vec![subject.complete.as_str()];
    let behind_a_firewall = subject.complete.contains("egress.type = \"firewall\"");
    if behind_a_firewall && place == Place::Born {
        more.push("firewall_policy_id = @policy");
    }
    if behind_a_firewall && place == Place::Additive {
        more.push("rule_collection_group_id = @rcg");
    }
    stage.block(&subject.resource, number, &subject.arguments(place, &more))
}

fn lose(stage: &Stage, loss: &Loss, number: usize) {
    let full = |short: &str| {
        let group = format!("/subscriptions/{}/resourceGroups/rg", stage.emulator.subscription_id());
        let path = short.replace("-#", &format!("-{number}"));
        format!("{group}/providers/Microsoft.Network/{path}")
    };
    let subnets = || {
        let ids = stage.emulator.ids().into_iter();
        ids.filter(|id| id.contains(&format!("/vnet-{number}/subnets/")))
            .collect::<Vec<_>>()
    };
    match loss {
        Loss::Object(short) => {
            let id = full(short);
            for subnet in subnets() {
                stage.emulator.edit(&subnet, |subnet| {
                    let properties = subnet["properties"].as_object_mut().unwrap();
                    properties.retain(|_, value| value["id"] != id.as_str());
                });
            }
            stage.emulator.remove(&id);
        }
        Loss::Collection(short, name) => stage.emulator.edit(&full(short), |object| {
            let entries = object["properties"][COLLECTIONS].as_array_mut().unwrap();
            let name = name.replace("-#", &format!("-{number}"));
            entries.retain(|entry| entry["name"] != name.as_str());
        }),
        Loss::Field(short, pointer, value) => stage.emulator.edit(&full(short), |object| {
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            object.pointer_mut(parent).unwrap()[field] = value.clone();
        }),
        Loss::Association(property) => {
            for subnet in subnets() {
                stage.emulator.edit(&subnet, |subnet| {
                    subnet["properties"].as_object_mut().unwrap().remove(*property);
                });
            }
        }
    }
}

/// Each loss befalls an instance of its own.
fn story(label: &str) {
    let subject = subjects().iter().find(|subject| subject.label == label).unwrap();
    if !subject.is_small() && !is_full_or_says_so() {
        return;
    }
    let mut trials = Vec::new();
    for place in subject.places() {
        trials.extend(losses(subject, *place).into_iter().map(|loss| (*place, loss)));
    }
    assert!(trials.len() > 1, "{label} makes nothing");
    let stage = Stage::new(Terraform::under_test(), trials.len());
    let before = stage.azure();
    let configuration: String = trials
        .iter()
        .enumerate()
        .map(|(number, (place, loss))| {
            println!("{number}: {place:?} {loss:?}");
            block(&stage, subject, *place, number)
        })
        .collect();
    stage.workspace.write(&configuration);
    stage.workspace.apply();
    let made = stage.azure();
    for (number, (_, loss)) in trials.iter().enumerate() {
        lose(&stage, loss, number);
    }
    let plan = stage.workspace.plan();
    for (number, (place, loss)) in trials.iter().enumerate() {
        let actions = plan.actions();
        let shown = actions.get(subject.address(number).as_str());
        assert!(shown.is_some(), "nothing shows: {number} {place:?} {loss:?}");
    }
    stage.emulator.clear_requests();
    stage.workspace.step(&configuration);
    assert_written_once(&stage.emulator, "put back");
    let back = difference(&made, &stage.azure());
    assert!(back.is_empty(), "not put back:\n{}", back.join("\n"));

    // Lost again, and then no longer wanted. Whatever lost its mark is not deleted, so the marks stay.
    for (number, (_, loss)) in trials.iter().enumerate() {
        if !matches!(loss, Loss::Field(_, "/tags", _)) {
            lose(&stage, loss, number);
        }
    }
    stage.workspace.destroy();
    let left = difference(&before, &stage.azure());
    assert!(left.is_empty(), "destroyed, and yet:\n{}", left.join("\n"));
}

for_each_subject!(story);
