//! The examples in Microsoft's description of the API, played to the emulator: what is asked is answered, with one of the statuses and in
//! the shape of the example, and says nothing that the description does not know.

mod exceptions;
mod ground;

use serde_json::{Value, json};

use crate::descriptions::{Descriptions, Operation, Way};
use crate::replay::{Answer, Player};
use crate::shape;
use exceptions::{
    INCONSISTENT, KNOWN, MENDED, NOT_PLAYED, NOT_SHOWN, OF_SERVICES, RECORDED, REFUSED, SHOWN_ALL_THE_SAME, is_about,
};

/// One example: who asks what, and what Azure answers.
struct Example<'d> {
    name: String,
    operation: Operation<'d>,
    /// The types in its path: `networkSecurityGroups/securityRules`.
    types: String,
    /// Whether the path ends in a name, and not in a collection of things.
    named: bool,
    /// Of the emulator's subscription, as are the ids in what is sent and answered.
    path: String,
    query: String,
    sent: Option<Value>,
    responses: Value,
}

/// A difference between the emulator and an example.
type Difference = Option<String>;

/// All ids in a text with this subscription; the examples have several.
fn here(text: &str, subscription: &str) -> String {
    let mut parts = text.split("/subscriptions/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part
            .find(['/', '"'])
            .and_then(|end| part.get(end..))
            .unwrap_or_default();
        format!("{text}/subscriptions/{subscription}{rest}")
    })
}

fn examples(descriptions: &Descriptions) -> Vec<Example<'_>> {
    let subscription = acceptance_tests::emulator::SUBSCRIPTION_ID;
    let mut found = Vec::new();
    for operation in descriptions.operations() {
        let (_, resource) = operation.path.rsplit_once("/providers/").unwrap();
        let parts: Vec<&str> = resource.split('/').skip(1).collect();
        for (file, content) in descriptions.examples(&operation) {
            let text = MENDED
                .iter()
                .fold(content.to_string(), |text, (wrong, right)| text.replace(wrong, right));
            let content: Value = serde_json::from_str(&here(&text, subscription)).unwrap();
            let mut path = operation.path.replace("{subscriptionId}", subscription);
            let (mut query, mut sent) = (String::new(), None);
            for (name, value) in content["parameters"].as_object().unwrap() {
                let place = format!("{{{name}}}");
                match value.as_str() {
                    Some(text) if path.contains(&place) => path = path.replace(&place, text),
                    Some(text) if !["api-version", "subscriptionId"].contains(&name.as_str()) => {
                        query.push_str(&format!("&{name}={text}"));
                    }
                    _ if value.is_object() => sent = Some(value.clone()),
                    _ => {}
                }
            }
            found.push(Example {
                name: file.trim_end_matches(".json").to_owned(),
                types: parts.iter().step_by(2).copied().collect::<Vec<_>>().join("/"),
                named: parts.len().is_multiple_of(2),
                responses: content["responses"].clone(),
                operation,
                path,
                query,
                sent,
            });
        }
    }
    found
}

impl Example<'_> {
    fn is_played(&self) -> bool {
        self.operation.method != "post" && KNOWN.contains(&self.types.as_str())
    }

    /// The body of an answer, as far as the example shows one.
    fn answer(&self, status: u16) -> &Value {
        &self.responses[status.to_string()]["body"]
    }

    fn ask(&self, player: &Player) -> Answer {
        player.ask(self.operation.method, &self.path, &self.query, self.sent.as_ref())
    }

    /// What the emulator answers differently.
    fn differences(&self, descriptions: &Descriptions, answer: &Answer) -> Vec<String> {
        let status = answer.status.to_string();
        if self.responses.get(&status).is_none() {
            return vec![format!("{}: {status} {}", self.name, answer.body)];
        }
        let mut found = Vec::new();
        if self.types == "virtualNetworkGateways" {
            // They are there so that connections have something to connect.
            return found;
        }
        if let Some(schema) = descriptions
            .answer(&self.operation, &status)
            .filter(|_| !answer.body.is_null())
        {
            found = descriptions.problems(schema, Way::Response, &answer.body);
            // Recorded traffic shows of a connection's gateways nothing but their ids, whatever the description demands.
            found.retain(|problem| !(problem.contains("Gateway") && problem.ends_with(".properties is required")));
            found.retain(|problem| !RECORDED.iter().any(|field| problem.contains(&format!(".{field}:"))));
        }
        let shows = !self.answer(answer.status).is_null();
        if shows && !INCONSISTENT.contains(&self.name.as_str()) {
            let (wanted, got) = (shape::of(self.answer(answer.status)), shape::of(&answer.body));
            let missing = wanted.difference(&got);
            let missing = missing.filter(|path| !NOT_SHOWN.iter().any(|end| path.ends_with(end)));
            let missing = missing.filter(|path| !OF_SERVICES.iter().any(|part| path.contains(part)));
            found.extend(missing.map(|path| format!("missing: {path}")));
        }
        found
            .iter()
            .map(|problem| format!("{}: {problem}", self.name))
            .collect()
    }
}

/// Puts there what an example's answer shows, with what it needs.
fn seed(player: &Player, path: &str, body: &Value) -> Difference {
    ground::prepare(player, path, body);
    let mut body = body.clone();
    if body.get("location").is_none() && path.split('/').count() == 9 {
        body["location"] = json!("westus");
    }
    let mut kept = Vec::new();
    let answer = loop {
        let answer = player.ask("put", path, "", Some(&body));
        let code = &answer.body["error"]["code"];
        let refused = SHOWN_ALL_THE_SAME
            .iter()
            .find(|(known, property)| code == known && body["properties"].get(*property).is_some());
        let Some((_, property)) = refused else { break answer };
        kept.extend(body["properties"].as_object_mut().unwrap().remove_entry(*property));
    };
    if ![200, 201].contains(&answer.status) {
        return Some(format!("PUT {path}: {} {}", answer.status, answer.body));
    }
    if !kept.is_empty() {
        player.emulator.edit(path, |resource| {
            resource["properties"].as_object_mut().unwrap().extend(kept)
        });
    }
    // A policy shows the groups that are in it.
    let groups = body["properties"]["ruleCollectionGroups"]
        .as_array()
        .into_iter()
        .flatten();
    for group in groups {
        let (_, name) = group["id"].as_str().unwrap().rsplit_once('/').unwrap();
        player.emulator.put(
            &format!("{path}/ruleCollectionGroups/{name}"),
            json!({ "properties": { "priority": 200, "ruleCollections": [] } }),
        );
    }
    None
}

/// The id of an entry in a list. Some examples have the parts of an id in another order, or none of its name.
fn id_of(entry: &Value, list: &str) -> String {
    let id = entry["id"].as_str().unwrap();
    match id.split_once("/providers/Microsoft.Network/resourceGroup/") {
        Some((subscription, rest)) => {
            let group = rest.split('/').next().unwrap();
            let (_, kind) = list.rsplit_once('/').unwrap();
            let name = entry["name"].as_str().unwrap();
            format!("{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{name}")
        }
        None => id.to_owned(),
    }
}

/// Makes the world in which the example can be played.
fn set_the_scene(player: &Player, example: &Example<'_>, all: &[Example<'_>]) -> Vec<String> {
    let shown = example.answer(200);
    let entries = shown["value"].as_array().into_iter().flatten();
    match (example.types.as_str(), example.operation.method) {
        ("locations/serviceTags", _) => player.emulator.azure(|azure| azure.publish_service_tags(shown.clone())),
        ("locations/serviceTagDetails", _) => {
            let published = all.iter().find(|other| other.types == "locations/serviceTags").unwrap();
            let published = published.answer(200).clone();
            player.emulator.azure(|azure| azure.publish_service_tags(published));
        }
        ("workspaces/outboundNetworkDependenciesEndpoints", _) => {
            let (workspace, _) = example.path.rsplit_once('/').unwrap();
            let group = workspace.split("/providers/").next().unwrap();
            player.emulator.put(group, json!({ "location": "westus" }));
            let categories = shown["value"].clone();
            player
                .emulator
                .azure(|azure| azure.publish_outbound_dependencies(workspace, categories));
        }
        (_, "put") => ground::prepare(player, &example.path, example.sent.as_ref().unwrap()),
        ("connections/sharedkey" | "networkSecurityGroups/defaultSecurityRules", _) => {
            ground::prepare(player, &example.path, &Value::Null);
        }
        (_, "get") if !example.named => {
            ground::prepare(
                player,
                &example.path,
                &json!({ "location": shown["value"][0]["location"] }),
            );
            return entries
                .filter_map(|entry| seed(player, &id_of(entry, &example.path), entry))
                .collect();
        }
        (_, "delete") => {
            // A deletion shows nothing of what goes: another example of the same thing does.
            let of_same = |other: &&Example<'_>| {
                other.operation.path == example.operation.path && other.operation.method == "get"
            };
            let body = all.iter().find(of_same).unwrap().answer(200);
            return seed(player, &example.path, body).into_iter().collect();
        }
        _ => return seed(player, &example.path, shown).into_iter().collect(),
    }
    Vec::new()
}

#[test]
fn the_official_examples_are_answered_in_their_shape() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let all = examples(&descriptions);
    let (mut played, mut differences) = (0, Vec::new());
    for example in all.iter().filter(|example| example.is_played()) {
        let player = Player::new();
        let unset = set_the_scene(&player, example, &all);
        if !unset.is_empty() {
            differences.extend(unset.iter().map(|problem| format!("{}: {problem}", example.name)));
            continue;
        }
        let answer = example.ask(&player);
        if let Some((_, code)) = REFUSED.iter().find(|(name, _)| *name == example.name) {
            assert_eq!(answer.body["error"]["code"], *code, "{}", example.name);
            continue;
        }
        played += 1;
        differences.extend(example.differences(&descriptions, &answer));
        // Once more: what was written is there, and what was deleted is gone.
        let again = example.ask(&player);
        let expected = if example.operation.method == "delete" { 204 } else { 200 };
        if again.status != expected {
            differences.push(format!("{}, again: {} {}", example.name, again.status, again.body));
        }
        differences.extend(example.differences(&descriptions, &again));
    }
    assert!(played > 110, "{played} were played:\n{}", differences.join("\n"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_official_example_is_played_or_has_a_reason() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let all = examples(&descriptions);
    let reasons = |example: &Example<'_>| {
        let (method, types) = (example.operation.method, example.types.as_str());
        NOT_PLAYED
            .iter()
            .filter(|(entry, _)| is_about(entry, method, types))
            .count()
    };
    for example in &all {
        let (method, types) = (example.operation.method, example.types.as_str());
        assert_eq!(
            example.is_played(),
            reasons(example) == 0,
            "{} ({method} {types}) is either played or has a reason why not",
            example.name
        );
    }
    for (entry, reason) in NOT_PLAYED {
        let about = |example: &&Example<'_>| is_about(entry, example.operation.method, &example.types);
        println!(
            "not played: {} of `{entry}`: {reason}",
            all.iter().filter(about).count()
        );
        assert!(all.iter().any(|example| about(&example)), "no example of `{entry}`");
    }
}
