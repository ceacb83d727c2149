//! The examples in Microsoft's description of the API, sent to the emulator.

use std::path::Path;

use serde_json::{Value, json};

use crate::replay::Player;
use crate::shape;

const FOLDER: &str = "../../shared/openapi/specification/network/resource-manager/Microsoft.Network/stable/2024-01-01";
const DOCUMENTS: [&str; 3] = ["networkSecurityGroup.json", "routeTable.json", "virtualNetwork.json"];
/// What the emulator has of these documents: the types of a path.
const TYPES: [&str; 6] = [
    "networkSecurityGroups",
    "networkSecurityGroups/securityRules",
    "routeTables",
    "routeTables/routes",
    "virtualNetworks",
    "virtualNetworks/subnets",
];

/// Examples whose answer shows what their request did not say.
const INCONSISTENT: [&str; 2] = ["SubnetCreateWithDelegation", "SubnetCreateWithSharingScope"];
/// What the service adds in the examples and the emulator does not: what other resources or a region bring along, and a default
/// that no recording shows.
const NOT_SHOWN: [&str; 5] = [
    ".flushConnection: bool",
    ".ipConfigurations: list",
    ".purpose: text",
    ".regionalCommunity: text",
    ".resourceNavigationLinks: list",
];

/// An example of a PUT: its file's name, the path and the body.
struct Example {
    name: String,
    path: String,
    content: Value,
    body: Value,
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn examples(folder: &Path, subscription: &str) -> Vec<Example> {
    let mut found = Vec::new();
    for document in DOCUMENTS {
        let description = parsed(&folder.join(document));
        for (template, methods) in description["paths"].as_object().unwrap() {
            let (_, resource) = template.split_once("/Microsoft.Network/").unwrap();
            let types: Vec<_> = resource.split('/').step_by(2).collect();
            if !TYPES.contains(&types.join("/").as_str()) {
                continue;
            }
            for example in methods["put"]["x-ms-examples"].as_object().into_iter().flatten() {
                let file = folder.join(example.1["$ref"].as_str().unwrap());
                let content = parsed(&file);
                let parameters = content["parameters"].as_object().unwrap();
                let text = parameters
                    .iter()
                    .filter_map(|(name, value)| Some((format!("{{{name}}}"), value.as_str()?)));
                let path = text.fold(
                    template.replace("{subscriptionId}", subscription),
                    |path, (name, value)| path.replace(&name, value),
                );
                let body = parameters.values().find(|value| value.is_object()).unwrap();
                found.push(Example {
                    name: file.file_stem().unwrap().to_string_lossy().into_owned(),
                    path,
                    body: serde_json::from_str(&body.to_string().replace("/subid/", &format!("/{subscription}/")))
                        .unwrap(),
                    content,
                });
            }
        }
    }
    found
}

/// What has to be there before: the group, and what the resource lives in.
fn prepare(player: &Player, path: &str) {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let group = format!("/{}", segments[..4].join("/"));
    player.emulator.put(&group, json!({ "location": "westus" }));
    if segments.len() > 8 {
        let spaces = json!({ "addressPrefixes": ["10.0.0.0/16"] });
        let parent = format!("/{}", segments[..8].join("/"));
        let body = match segments[6] {
            "virtualNetworks" => json!({ "location": "westus", "properties": { "addressSpace": spaces } }),
            _ => json!({ "location": "westus", "properties": {} }),
        };
        player.emulator.put(&parent, body);
    }
}

#[test]
fn the_official_examples_are_accepted_and_answered_in_their_shape() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    if !folder.exists() {
        println!("skipped: there is no openapi/specification beside the repository");
        return;
    }
    let (mut accepted, mut differences) = (0, Vec::new());
    for example in examples(&folder, acceptance_tests::emulator::SUBSCRIPTION_ID) {
        let player = Player::new();
        prepare(&player, &example.path);
        let answer = player.put(&example.path, &example.body);
        if answer.status != 201 {
            differences.push(format!("{}: {} {}", example.name, answer.status, answer.body));
            continue;
        }
        accepted += 1;
        let wanted = shape::of(&example.content["responses"]["201"]["body"]);
        let got = shape::of(&answer.body);
        let missing: Vec<_> = wanted
            .difference(&got)
            .filter(|path| !NOT_SHOWN.iter().any(|end| path.ends_with(end)))
            .collect();
        if !missing.is_empty() && !INCONSISTENT.contains(&example.name.as_str()) {
            differences.push(format!("{}: {missing:?}", example.name));
        }
    }
    assert!(accepted > 10, "{accepted} were accepted:\n{}", differences.join("\n"));
    assert_eq!(differences, Vec::<String>::new());
}
