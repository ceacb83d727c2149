//! The landing zones of the examples, in a hub and spokes that another client made: applied, settled, written once, brought through misfortune,
//! destroyed to nothing.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use acceptance_tests::{
    emulator::{Effect, Emulator, Failed, Fault, ForeignWrite, Options, Refused},
    terraform::{Terraform, Workspace, binaries},
};
use serde_json::{Value, json};

use crate::{
    stage::{assert_written_once, difference, everything},
    table::is_full,
};

/// The subscription that the examples name.
const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

struct Zone {
    emulator: Emulator,
    workspace: Workspace,
    /// What the others made.
    before: BTreeMap<String, Value>,
}

impl Zone {
    /// An example where the others have made what it wants.
    fn new(example: &str, furnish: impl Fn(&Others<'_>)) -> Zone {
        let emulator = Emulator::start(Options::default());
        furnish(&Others { emulator: &emulator });
        emulator.clear_requests();
        let mut workspace = Workspace::with(Terraform::under_test());
        for (name, value) in emulator.environment() {
            workspace = workspace.env(name, value);
        }
        let examples = binaries::repository().join("examples");
        let subscription = emulator.subscription_id().to_owned();
        copy(&examples.join(example), "", &subscription, &workspace);
        copy(&examples.join("modules"), "modules/", &subscription, &workspace);
        workspace.run(&["get"]).expect_success();
        let before = everything(&emulator);
        Zone {
            emulator,
            workspace,
            before,
        }
    }

    /// Demands that state and Azure agree, and that there is what there should be.
    fn assert_is(&self, wanted: &BTreeMap<String, Value>, what: &str) {
        let differs = difference(wanted, &everything(&self.emulator));
        assert!(differs.is_empty(), "{what}:\n{}", differs.join("\n"));
    }
}

/// Copies Terraform's files, with the subscription of the emulator and modules below instead of beside.
fn copy(from: &Path, to: &str, subscription: &str, workspace: &Workspace) {
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() && name != "tests" && !name.starts_with('.') {
            copy(&entry, &format!("{to}{name}/"), subscription, workspace);
        } else if name.ends_with(".tf") {
            let text = fs::read_to_string(&entry).unwrap();
            let text = text
                .replace(NOWHERE, subscription)
                .replace("\"../modules/", "\"./modules/");
            workspace.write_file(&format!("{to}{name}"), &text);
        }
    }
}

/// Another client.
struct Others<'a> {
    emulator: &'a Emulator,
}

impl Others<'_> {
    fn group(&self, name: &str) {
        let id = format!(
            "/subscriptions/{}/resourceGroups/{name}",
            self.emulator.subscription_id()
        );
        self.emulator.put(&id, json!({ "location": "westeurope" }));
    }

    fn id(&self, path: &str) -> String {
        let (group, path) = path.split_once('/').unwrap();
        let subscription = self.emulator.subscription_id();
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{path}")
    }

    /// `group/kind/name` and its properties.
    fn put(&self, path: &str, properties: Value) {
        let body = json!({ "location": "westeurope", "properties": properties });
        self.emulator.put(&self.id(path), body);
    }

    /// `group/kind/name/kind/name` and its properties.
    fn put_child(&self, path: &str, properties: Value) {
        self.emulator.put(&self.id(path), json!({ "properties": properties }));
    }

    fn network(&self, path: &str, space: &str) {
        self.put(path, json!({ "addressSpace": { "addressPrefixes": [space] } }));
    }
}

/// A hub with firewall and gateway, and empty spokes.
fn hub_and_spokes(others: &Others<'_>) {
    others.group("rg-hub");
    others.group("rg-hpc");
    others.network("rg-hub/virtualNetworks/vnet-hub", "10.0.0.0/16");
    for (name, prefix) in [
        ("AzureFirewallSubnet", "10.0.255.0/26"),
        ("GatewaySubnet", "10.0.254.0/27"),
    ] {
        let subnet = json!({ "addressPrefix": prefix });
        others.put_child(&format!("rg-hub/virtualNetworks/vnet-hub/subnets/{name}"), subnet);
    }
    let policy = json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } });
    others.put("rg-hub/firewallPolicies/afwp-hub", policy);
    let gateway = json!({ "gatewayType": "Vpn", "vpnType": "RouteBased" });
    others.put("rg-hub/virtualNetworkGateways/vgw-hub", gateway);
    others.put("rg-hpc/natGateways/ng-hpc", json!({}));
    for (name, space) in [
        ("server", "10.1.0.0/16"),
        ("nodes", "10.2.0.0/16"),
        ("aml", "10.3.0.0/16"),
    ] {
        others.network(&format!("rg-hpc/virtualNetworks/vnet-{name}"), space);
    }
}

/// Networks, subnets, groups, tables and rule collections of a platform team.
fn platform(others: &Others<'_>) {
    let rule = json!({ "name": "platform", "properties": {
        "priority": 3900, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
    } });
    let route =
        json!({ "name": "platform", "properties": { "addressPrefix": "10.200.0.0/16", "nextHopType": "None" } });
    let collection = json!({
        "name": "platform", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 500,
        "action": { "type": "Allow" }, "rules": [{ "ruleType": "NetworkRule", "name": "dns", "ipProtocols": ["UDP"],
            "sourceAddresses": ["10.0.0.0/8"], "destinationAddresses": ["10.0.0.10"], "destinationPorts": ["53"] }]
    });
    others.group("rg-hub");
    others.group("rg-spoke");
    others.network("rg-spoke/virtualNetworks/vnet-spoke", "10.1.0.0/16");
    for group in ["nsg-spoke", "nsg-nodes", "nsg-training-before"] {
        let path = format!("rg-spoke/networkSecurityGroups/{group}");
        others.put(&path, json!({ "securityRules": [rule] }));
    }
    others.put("rg-spoke/routeTables/rt-spoke", json!({ "routes": [route] }));
    let group = |name: &str| json!({ "id": others.id(&format!("rg-spoke/networkSecurityGroups/{name}")) });
    let table = json!({ "id": others.id("rg-spoke/routeTables/rt-spoke") });
    for (name, subnet) in [
        (
            "server",
            json!({ "addressPrefix": "10.1.0.0/28", "networkSecurityGroup": group("nsg-spoke"), "routeTable": table }),
        ),
        (
            "nodes",
            json!({ "addressPrefix": "10.1.4.0/22", "networkSecurityGroup": group("nsg-nodes") }),
        ),
        (
            "training",
            json!({ "addressPrefix": "10.1.8.0/24", "networkSecurityGroup": group("nsg-training-before") }),
        ),
    ] {
        others.put_child(&format!("rg-spoke/virtualNetworks/vnet-spoke/subnets/{name}"), subnet);
    }
    let policy = json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } });
    others.put("rg-hub/firewallPolicies/afwp-hub", policy);
    let held = json!({ "priority": 400, "ruleCollections": [collection] });
    others.put_child(
        "rg-hub/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-platform",
        held,
    );
}

#[test]
fn a_landing_zone_settles_writes_each_object_once_and_leaves_nothing() {
    let zone = Zone::new("landing-zone", hub_and_spokes);
    zone.workspace.apply();
    assert_written_once(&zone.emulator, "applied");
    zone.workspace.assert_settled();
    assert_written_once(&zone.emulator, "settled");
    zone.workspace.destroy();
    assert_written_once(&zone.emulator, "destroyed");
    zone.assert_is(&zone.before, "destroyed, and yet");
}

#[test]
fn a_landing_zone_among_what_others_made_leaves_theirs_untouched() {
    let zone = Zone::new("landing-zone-attached", platform);
    let theirs = |when: &str| {
        for (path, list) in [
            ("rg-spoke/networkSecurityGroups/nsg-spoke", "securityRules"),
            ("rg-spoke/networkSecurityGroups/nsg-nodes", "securityRules"),
            ("rg-spoke/networkSecurityGroups/nsg-training-before", "securityRules"),
            ("rg-spoke/routeTables/rt-spoke", "routes"),
            (
                "rg-hub/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-platform",
                "ruleCollections",
            ),
        ] {
            let id = Others {
                emulator: &zone.emulator,
            }
            .id(path);
            let entry = |azure: &BTreeMap<String, Value>| {
                let entries = azure[&id]["properties"][list].as_array().unwrap();
                entries.iter().find(|entry| entry["name"] == "platform").cloned()
            };
            let now = entry(&everything(&zone.emulator));
            assert!(now.is_some() && now == entry(&zone.before), "{when}, {path}: {now:?}");
        }
    };
    zone.workspace.apply();
    theirs("applied");
    zone.workspace.assert_settled();
    assert_written_once_but(&zone.emulator, "rcg-platform");

    // The deny of one resource goes, and the other's stays.
    let main = fs::read_to_string(zone.workspace.path().join("main.tf")).unwrap();
    let (head, rest) = main
        .split_once("resource \"lockeddown_cyclecloud_subnet\" \"nodes\"")
        .unwrap();
    let (_, tail) = rest.split_once("\n}\n").unwrap();
    let outputs = fs::read_to_string(zone.workspace.path().join("outputs.tf")).unwrap();
    let fewer = "merge(lockeddown_cyclecloud_subnet.nodes.security_rules, lockeddown_license_server_link.licenses.security_rules)";
    zone.workspace.write_file(
        "outputs.tf",
        &outputs.replace(fewer, "lockeddown_license_server_link.licenses.security_rules"),
    );
    zone.workspace.step(&format!("{head}{tail}"));
    theirs("with one resource less");
    let nodes = Others {
        emulator: &zone.emulator,
    }
    .id("rg-spoke/networkSecurityGroups/nsg-nodes");
    let rules = zone.emulator.get(&nodes).unwrap()["properties"]["securityRules"].clone();
    let denies: Vec<&str> = (rules.as_array().unwrap().iter())
        .filter(|rule| rule["properties"]["access"] == "Deny")
        .map(|rule| rule["name"].as_str().unwrap())
        .collect();
    assert_eq!(denies, ["licenses-BlockOutbound"]);

    // A service endpoint that the first brought stays while the other relies on it, and then is nobody's: only what the others made is compared.
    zone.workspace.destroy();
    theirs("destroyed");
}

#[test]
fn a_landing_zone_among_what_others_made_gives_everything_back() {
    let zone = Zone::new("landing-zone-attached", platform);
    zone.workspace.apply();
    zone.workspace.destroy();
    zone.assert_is(&zone.before, "destroyed, and yet");
}

/// Two resources write into this one: each once.
fn assert_written_once_but(emulator: &Emulator, shared: &str) {
    let mut writes: BTreeMap<String, usize> = BTreeMap::new();
    for line in emulator.requests().writes().lines() {
        *writes.entry(line).or_default() += 1;
    }
    writes.retain(|line, times| {
        *times
            > if line.contains(shared) || line.contains("nodes") {
                2
            } else {
                1
            }
    });
    assert!(writes.is_empty(), "{writes:#?}");
    emulator.clear_requests();
}

/// Numbers that are the same in every run with one seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % limit
    }

    fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// One misfortune. `ours` are the ids of what the example makes.
    fn fault(&mut self, ours: &[String]) -> Fault {
        const PATHS: [&str; 8] = [
            "networkSecurityGroups/*",
            "routeTables/*",
            "ruleCollectionGroups/*",
            "subnets/*",
            "virtualNetworks/*",
            "virtualNetworkPeerings/*",
            "localNetworkGateways/*",
            "connections/*",
        ];
        let refused = |status, code: &str, retry_after| {
            Effect::Refuse(Refused {
                status,
                code: code.to_owned(),
                message: "By chance.".to_owned(),
                retry_after,
            })
        };
        let victim = self.one_of(ours).clone();
        let groups: Vec<String> = ours
            .iter()
            .filter(|id| id.contains("/networkSecurityGroups/"))
            .cloned()
            .collect();
        let marked = self.one_of(&groups).clone();
        let effects = [
            refused(409, "AnotherOperationInProgress", None),
            refused(429, "TooManyRequests", Some(1)),
            refused(500, "InternalServerError", None),
            refused(403, "AuthorizationFailed", None),
            refused(412, "PreconditionFailed", None),
            Effect::Delay(200),
            Effect::ResetBefore,
            Effect::ResetAfter,
            Effect::Truncate,
            Effect::FailOperation(Failed {
                code: "InternalServerError".to_owned(),
                message: "By chance.".to_owned(),
            }),
            Effect::NeverFinish,
            Effect::LoseOperation,
            Effect::HideAfterCreate(2),
            Effect::Foreign(ForeignWrite::Remove { id: victim }),
            Effect::Foreign(ForeignWrite::Merge {
                id: marked,
                patch: json!({ "tags": { "by": "chance" } }),
            }),
        ];
        let method = *self.one_of(&["GET", "PUT", "PUT", "PUT", "DELETE", "DELETE"]);
        let path = *self.one_of(&PATHS);
        let effect = self.one_of(&effects).clone();
        let skip = u32::try_from(self.below(4)).unwrap();
        Fault::new(method, path, effect).after(skip)
    }
}

/// How long operations may take. Under misfortune some never end.
fn patience(time: &str) -> String {
    [
        "lockeddown_cyclecloud_subnet\" \"server",
        "lockeddown_subnet\" \"nodes",
        "lockeddown_subnet\" \"aml",
        "lockeddown_cyclecloud_peering\" \"spokes",
        "lockeddown_site_to_site_connection\" \"licenses",
    ]
    .map(|resource| {
        format!(
            "resource \"{resource}\" {{\n  timeouts = {{ create = \"{time}\", update = \"{time}\", delete = \"{time}\" }}\n}}\n"
        )
    })
    .concat()
}

/// The file with it, which Terraform lays over the example.
const PATIENCE: &str = "patience_override.tf";
const IMPATIENT: &str = "15s";
const PATIENT: &str = "60s";

/// A command under misfortune.
///
/// Nobody kills the provider here: what bears no mark (a peering, a rule collection group) and is in no state either is a stranger's to the next apply,
/// which names the import.
fn suffer(zone: &Zone, chance: &mut Chance, command: &str, ours: &[String]) {
    for _ in 0..2 + chance.below(4) {
        let fault = chance.fault(ours);
        // Shown where the test fails.
        println!("{command}: {fault:?}");
        zone.emulator.fault(fault);
    }
    let arguments = [command, "-auto-approve", "-input=false", "-no-color"];
    let mut running = zone.workspace.command(&arguments);
    running.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = running.status().unwrap();
    println!("{command}: {status}");
    zone.emulator.clear_faults();
}

/// Whatever happened on the way, the next undisturbed apply ends where one that nothing disturbed ends, and the next undisturbed destroy leaves
/// nothing.
fn survives(seeds: &[u64]) {
    let undisturbed = Zone::new("landing-zone", hub_and_spokes);
    undisturbed.workspace.write_file(PATIENCE, &patience(PATIENT));
    undisturbed.workspace.apply();
    let wanted = everything(&undisturbed.emulator);
    let made = wanted.keys().filter(|id| !undisturbed.before.contains_key(*id));
    // Objects, not the rules and routes in them.
    let is_entry = |id: &&String| id.contains("/securityRules/") || id.contains("/routes/");
    let ours: Vec<String> = made.filter(|id| !is_entry(id)).cloned().collect();
    assert!(ours.len() > 8, "{ours:?}");
    drop(undisturbed);
    std::thread::scope(|scope| {
        for seed in seeds {
            let (wanted, ours) = (&wanted, &ours);
            scope.spawn(move || {
                let zone = Zone::new("landing-zone", hub_and_spokes);
                zone.workspace.write_file(PATIENCE, &patience(IMPATIENT));
                let mut chance = Chance(*seed);
                for _ in 0..3 {
                    println!("seed {seed}");
                    suffer(&zone, &mut chance, "apply", ours);
                }
                zone.workspace.write_file(PATIENCE, &patience(PATIENT));
                zone.workspace.apply();
                zone.workspace.assert_settled();
                zone.assert_is(wanted, &format!("seed {seed}, applied"));
                for _ in 0..2 {
                    println!("seed {seed}");
                    suffer(&zone, &mut chance, "destroy", ours);
                }
                zone.workspace.destroy();
                zone.assert_is(&zone.before, &format!("seed {seed}, destroyed"));
            });
        }
    });
}

#[test]
fn a_landing_zone_survives_misfortune() {
    let every: Vec<u64> = (1..=20).collect();
    let few = [1];
    survives(if is_full() { &every } else { &few });
}
