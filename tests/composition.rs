//! Several workloads on one subnet.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

use std::collections::{BTreeMap, BTreeSet};

use lockeddown::{
    network::{Access, NetworkPolicy, SecurityRule},
    proof::{
        lint::{Lint, lint},
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
    workloads::{
        Defaults, Surroundings, Workload,
        composition::{Composition, Conflict, Part, compose},
    },
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

type Named = (&'static str, &'static str, NetworkPolicy);

fn policy(name: &'static str, workload: &'static str, arguments: &[(&str, Value)]) -> Named {
    let mut values = Value::object([
        ("location", Value::from("westeurope")),
        ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
    ]);
    for (name, value) in arguments {
        values.set_attribute(*name, value.clone());
    }
    let outcome = Workload::find(workload)
        .unwrap()
        .expand(&values, &Surroundings::none(Defaults::default()));
    let expanded = outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems));
    (name, workload, expanded.policy)
}

fn nodes(more: &[(&str, Value)]) -> Named {
    let mut arguments = vec![
        ("role", "node".into()),
        ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
    ];
    arguments.extend(more.iter().cloned());
    policy("nodes", "cyclecloud_subnet", &arguments)
}

fn link(name: &'static str, more: &[(&str, Value)]) -> Named {
    let manager = Value::object([("type", Value::from("explicit")), ("port", 5053_i64.into())]);
    let server = Value::object([
        ("address_prefixes", Value::string_set(["192.168.5.10"])),
        ("hostname", "licenses.example.org".into()),
        ("managers", Value::object([("manager", manager)])),
    ]);
    let mut arguments = vec![
        ("link_type", "vpn_site_to_site".into()),
        ("license_servers", Value::object([(name, server)])),
    ];
    arguments.extend(more.iter().cloned());
    policy(name, "license_server_link", &arguments)
}

fn egress(kind: &str, more: &[(&str, Value)]) -> Value {
    let mut egress = Value::object([("type", Value::from(kind))]);
    for (name, value) in more {
        egress.set_attribute(*name, value.clone());
    }
    egress
}

fn firewall(address: &str, base: i64) -> Value {
    let more = [
        ("firewall_private_ip_address", Value::from(address)),
        ("collection_priority_base", base.into()),
    ];
    egress("firewall", &more)
}

fn all() -> Vec<Named> {
    vec![
        nodes(&[]),
        policy(
            "training",
            "aml_compute_egress",
            &[("egress", egress("service_tags", &[]))],
        ),
        policy(
            "management",
            "aml_compute_ingress",
            &[("node_public_ip_enabled", true.into())],
        ),
        policy(
            "attached",
            "aml_attached_compute_ingress",
            &[("compute_type", "virtual_machine".into())],
        ),
        link("ansys", &[]),
    ]
}

fn composed(policies: &[Named]) -> Result<Composition, Vec<Conflict>> {
    let parts: Vec<Part<'_>> = policies
        .iter()
        .map(|(name, workload, policy)| Part {
            name,
            workload: Workload::find(workload),
            policy,
        })
        .collect();
    compose(&parts)
}

fn conflicts(policies: &[Named]) -> String {
    let conflicts = composed(policies).err().unwrap();
    let lines: Vec<String> = conflicts
        .iter()
        .map(|conflict| format!("{}: {conflict}\n", conflict.summary()))
        .collect();
    lines.concat()
}

#[test]
fn every_rule_stands_where_its_workload_alone_puts_it_and_the_deny_is_there_once() {
    let policies = all();
    let composition = composed(&policies).unwrap();
    let rules = &composition.policy.security_rules;
    for (part, _, policy) in &policies {
        for (name, rule) in policy
            .security_rules
            .iter()
            .filter(|(_, rule)| rule.access == Access::Allow)
        {
            assert_eq!(rules.get(name), Some(rule), "{part}");
            assert!(composition.contributors[*part].security_rules.contains(name));
        }
        assert!(composition.policy.requirement_ids.is_superset(&policy.requirement_ids));
        assert!(
            policy
                .flows
                .keys()
                .all(|key| composition.policy.flows.contains_key(key))
        );
    }
    let denies: Vec<_> = rules.values().filter(|rule| rule.access == Access::Deny).collect();
    assert_eq!(denies.len(), 1, "{denies:#?}");
    assert!(denies[0].requirement_ids.len() > 1, "{denies:#?}");
    for part in ["nodes", "training", "ansys"] {
        assert!(
            composition.contributors[part]
                .security_rules
                .contains(denies[0].name.as_str()),
            "{part}"
        );
    }
}

#[test]
fn what_cannot_stand_together_is_said_with_both_names_and_a_remedy() {
    let same_name = {
        let (_, workload, mut policy) = link("ansys", &[]);
        for rule in policy.security_rules.values_mut() {
            rule.protocol = lockeddown::network::Protocol::Udp;
        }
        ("twin", workload, policy)
    };
    let other_hop = policy(
        "training",
        "aml_compute_egress",
        &[("egress", firewall("10.0.255.5", 1000))],
    );
    let other_base = policy(
        "training",
        "aml_compute_egress",
        &[
            ("egress", egress("service_tags", &[])),
            ("priority_base", 100_i64.into()),
        ],
    );
    let other_side = policy(
        "training",
        "aml_compute_egress",
        &[
            ("egress", egress("service_tags", &[])),
            ("subnet_address_prefixes", Value::Null),
        ],
    );
    let report = [
        conflicts(&[link("ansys", &[]), same_name]),
        conflicts(&[nodes(&[("egress", firewall("10.0.255.4", 1000))]), other_hop]),
        conflicts(&[nodes(&[]), other_base]),
        conflicts(&[nodes(&[]), other_side]),
    ];
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn policies_of_two_subnets_are_no_composition() {
    let license = |prefixes: &[&str]| {
        let more = [
            ("isolation", Value::from("none")),
            ("subnet_address_prefixes", Value::string_set(prefixes.iter().copied())),
        ];
        link("ansys", &more)
    };
    assert_eq!(
        conflicts(&[nodes(&[]), license(&["10.0.7.0/24", "10.0.8.0/24"])]),
        "Policies of different places: ansys stands on `10.0.7.0/24`, `10.0.8.0/24`, nodes on `10.0.1.0/24`; what is composed stands on one subnet. \
         Give both the same `subnet_address_prefixes`, or compose the policies of each subnet apart\n"
    );
    assert!(composed(&[nodes(&[]), license(&["10.0.1.0/24"])]).is_ok());
    let nowhere = [
        ("isolation", Value::from("none")),
        ("subnet_address_prefixes", Value::Null),
    ];
    assert!(
        composed(&[nodes(&[]), link("ansys", &nowhere)]).is_ok(),
        "it does not say where"
    );
}

#[test]
fn a_subnet_has_one_default_route() {
    let training = |egress: Value| policy("training", "aml_compute_egress", &[("egress", egress)]);
    let behind_a_wan = egress("firewall", &[("default_route_enabled", false.into())]);
    let managed = |more: &[(&str, Value)]| {
        let mut arguments = vec![("node_public_ip_enabled", Value::from(true))];
        arguments.extend(more.iter().cloned());
        policy("management", "aml_compute_ingress", &arguments)
    };
    let led = |hop: &str| managed(&[("default_route_next_hop_type", hop.into())]);
    insta::assert_snapshot!(conflicts(&[
        training(egress("service_tags", &[])),
        led("VirtualAppliance")
    ]));
    insta::assert_snapshot!(conflicts(&[
        training(behind_a_wan.clone()),
        led("VirtualNetworkGateway")
    ]));
    insta::assert_snapshot!(conflicts(&[
        training(behind_a_wan.clone()),
        policy(
            "licenses",
            "cyclecloud_subnet",
            &[
                ("role", "node".into()),
                ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
                ("egress", egress("service_tags", &[])),
            ],
        ),
    ]));
    // What one says holds for those who say nothing: answers that the other believed to go straight out do not.
    let together = |management: Named| composed(&[training(behind_a_wan.clone()), management]).unwrap().policy;
    let refuted = |policy: &NetworkPolicy| {
        let model = Model::new(&Given::of_policy(policy));
        let findings = allows(&model).into_iter();
        let refuted = findings.filter(|finding| matches!(finding.verdict, Verdict::Refuted(_)));
        refuted.map(|finding| finding.required.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(refuted(&together(led("VirtualAppliance"))), Vec::<String>::new());
    assert_eq!(refuted(&together(managed(&[]))), ["AML-IN-CONTROL"]);
    // A route that is written down is none that others bring.
    let written = composed(&[training(firewall("10.0.255.4", 1000)), led("VirtualAppliance")]).unwrap();
    assert_eq!(written.policy.default_route.map(|route| route.learned), Some(false));
}

#[test]
fn the_proposed_places_are_free() {
    let base = |text: &str, name: &str| -> i64 {
        let (_, rest) = text.split_once(&format!("{name} = ")).unwrap();
        rest.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap()
    };
    let moved = |base: i64| {
        let arguments = [("egress", egress("service_tags", &[])), ("priority_base", base.into())];
        [nodes(&[]), policy("training", "aml_compute_egress", &arguments)]
    };
    let proposed = base(&conflicts(&moved(100)), "priority_base");
    assert!(composed(&moved(proposed)).is_ok());

    let behind = |base: i64| {
        [
            nodes(&[("egress", firewall("10.0.255.4", 1000))]),
            policy(
                "training",
                "aml_compute_egress",
                &[("egress", firewall("10.0.255.4", base))],
            ),
        ]
    };
    let proposed = base(&conflicts(&behind(1000)), "collection_priority_base");
    let composition = composed(&behind(proposed)).unwrap();
    assert_eq!(composition.policy.routes.len(), 1, "one default route for both");
    assert_eq!(
        composition.contributors["nodes"].routes,
        composition.contributors["training"].routes
    );
}

#[test]
fn collections_of_one_name_at_different_priorities_need_a_name_prefix_and_no_other_base() {
    let behind = |name: &'static str, base: i64, prefix: &str| {
        let arguments = [
            ("egress", firewall("10.0.255.4", base)),
            ("name_prefix", Value::from(prefix)),
        ];
        let mut named = policy(name, "aml_compute_egress", &arguments);
        // As at a firewall, to which the subnets' own rules and routes are nothing.
        named.2.security_rules.clear();
        named.2.routes.clear();
        named
    };
    let report = conflicts(&[behind("one", 1000, ""), behind("other", 3000, "")]);
    let said = "have one name and differ; a group has each name once. Set `name_prefix` of one of them";
    assert!(!report.is_empty(), "nothing was found");
    assert!(report.lines().all(|line| line.ends_with(said)), "{report}");
    assert!(composed(&[behind("one", 1000, ""), behind("other", 3000, "other-")]).is_ok());
}

#[test]
fn limits_are_those_of_all_together_and_say_who_needs_how_many() {
    let wide = |name: &'static str, second: u8| {
        let sources: Vec<String> = (0..2100_u32)
            .map(|number| format!("10.{second}.{}.{}", number / 250, 2 * (number % 125)))
            .collect();
        let sources: std::collections::BTreeSet<String> = sources.into_iter().collect();
        let rule = |part: usize, sources: Vec<String>| {
            let rule = Value::object([
                ("direction", Value::from("Inbound")),
                ("protocol", "Tcp".into()),
                ("source_address_prefixes", Value::string_set(sources)),
            ]);
            (format!("{name}{part}"), rule)
        };
        let all: Vec<String> = sources.into_iter().collect();
        let rules = all
            .chunks(500)
            .enumerate()
            .map(|(part, chunk)| rule(part, chunk.to_vec()));
        let mut named = link(name, &[("extra_rules", Value::object(rules))]);
        // One tail deny and names of their own.
        named.2.security_rules.retain(|rule, _| rule.starts_with(name));
        named
    };
    let report = conflicts(&[wide("first", 4), wide("second", 5), wide("third", 6), wide("fourth", 7)]);
    assert!(
        report.contains("4000 source addresses") && report.contains("first needs"),
        "{report}"
    );
}

/// Two workloads behind one firewall, with collections of their own.
fn behind_one_firewall() -> Vec<Named> {
    vec![
        nodes(&[("egress", firewall("10.0.255.4", 1000))]),
        policy(
            "training",
            "aml_compute_egress",
            &[("egress", firewall("10.0.255.4", 1200))],
        ),
    ]
}

#[test]
fn what_is_redundant_beside_others_stays_and_is_said() {
    let wide = Value::object([
        ("direction", Value::from("Outbound")),
        ("protocol", "Tcp".into()),
        ("priority", 1500_i64.into()),
        ("destination_address_prefix", "Storage.WestEurope".into()),
        ("destination_port_range", "443".into()),
    ]);
    let rules = Value::object([("all-of-storage", wide)]);
    let policies = [all()[1].clone(), link("ansys", &[("extra_rules", rules)])];
    let composition = composed(&policies).unwrap();
    assert!(composition.policy.security_rules.contains_key("AllowStorageOutbound"));
    assert!(composition.policy.security_rules.contains_key("all-of-storage"));
    let model = Model::new(&Given::of_policy(&composition.policy));
    let found: Vec<String> = lint(&model).iter().map(Lint::in_words).collect();
    let said = "`all-of-storage` never decides: `AllowStorageOutbound` before it";
    assert!(found.iter().any(|words| words.starts_with(said)), "{found:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Every rule and route of every part is in it, as it stands there alone or as one of several that say the same; and everything in it
    /// has the requirements of exactly those whose it is.
    #[test]
    fn nothing_is_lost_moved_or_without_an_owner(chosen in prop::sample::subsequence(vec![0_usize, 1, 2, 3, 4], 1..6), firewalled in any::<bool>()) {
        let policies: Vec<Named> = match firewalled {
            true => behind_one_firewall(),
            false => chosen.iter().map(|index| all()[*index].clone()).collect(),
        };
        let composition = composed(&policies).unwrap();
        let together = &composition.policy;
        let same = |one: &SecurityRule, other: &SecurityRule| (one.direction, one.access, one.protocol, &one.source, &one.destination, &one.source_ports, &one.destination_ports)
            == (other.direction, other.access, other.protocol, &other.source, &other.destination, &other.source_ports, &other.destination_ports);
        for (part, _, alone) in &policies {
            let contribution = &composition.contributors[*part];
            for rule in alone.security_rules.values() {
                let mut elsewhere = policies.iter().filter(|(other, ..)| other != part).flat_map(|(_, _, policy)| policy.security_rules.values());
                if elsewhere.any(|other| same(other, rule)) {
                    let kept = together.security_rules.values().find(|kept| same(kept, rule) && contribution.security_rules.contains(kept.name.as_str()));
                    prop_assert!(kept.is_some_and(|kept| kept.priority <= rule.priority), "{part}: {}", rule.name);
                } else {
                    prop_assert_eq!(together.security_rules.get(rule.name.as_str()), Some(rule), "{}", part);
                    prop_assert!(contribution.security_rules.contains(rule.name.as_str()));
                }
            }
            for route in alone.routes.values() {
                let kept = together.routes.values().find(|kept| kept.destination == route.destination);
                prop_assert_eq!(kept.map(|kept| &kept.next_hop), Some(&route.next_hop));
                prop_assert!(contribution.routes.contains(kept.unwrap().name.as_str()));
            }
            prop_assert!(together.service_endpoints.is_superset(&alone.service_endpoints));
            prop_assert!(alone.network_rule_collections.iter().all(|one| together.network_rule_collections.contains(one)));
            prop_assert!(alone.application_rule_collections.iter().all(|one| together.application_rule_collections.contains(one)));
        }
        for (name, rule) in &together.security_rules {
            let owners = policies.iter().filter(|(part, ..)| composition.contributors[*part].security_rules.contains(name));
            let wanted: BTreeSet<&String> = owners
                .flat_map(|(_, _, alone)| alone.security_rules.values().filter(|other| same(other, rule)))
                .flat_map(|other| &other.requirement_ids)
                .collect();
            prop_assert_eq!(&rule.requirement_ids.iter().collect::<BTreeSet<_>>(), &wanted, "{}", name);
        }
        // Once: each destination, each priority of a direction, and the tail deny.
        let destinations: BTreeSet<_> = together.routes.values().map(|route| &route.destination).collect();
        prop_assert_eq!(destinations.len(), together.routes.len());
        let places: BTreeSet<_> = together.security_rules.values().map(|rule| (rule.direction, rule.priority)).collect();
        prop_assert_eq!(places.len(), together.security_rules.len());
        let denies: Vec<_> = together.security_rules.values().filter(|rule| rule.access == Access::Deny).collect();
        prop_assert!(denies.len() <= 1, "{denies:#?}");
    }

    /// Wherever a workload is moved to: either nothing meets, or the error proposes a base at which nothing does.
    #[test]
    fn a_band_that_is_taken_is_an_error_that_proposes_a_free_one(base in 1_i64..31) {
        let moved = |base: i64| {
            let arguments = [("egress", egress("service_tags", &[])), ("priority_base", base.into())];
            let mut policies = all();
            policies[1] = policy("training", "aml_compute_egress", &arguments);
            policies
        };
        let policies = moved(base * 100);
        let taken = |policies: &[Named]| {
            let mut places = BTreeSet::new();
            let rules = policies.iter().flat_map(|(_, _, policy)| policy.security_rules.values());
            rules.filter(|rule| rule.access == Access::Allow).any(|rule| !places.insert((rule.direction, rule.priority)))
        };
        match composed(&policies) {
            Ok(_) => prop_assert!(!taken(&policies)),
            Err(conflicts) => {
                prop_assert!(taken(&policies));
                for conflict in conflicts {
                    let text = conflict.to_string();
                    let (_, rest) = text.split_once("Set `priority_base = ").unwrap_or_else(|| panic!("{text}"));
                    let (number, part) = rest.split_once("` of ").unwrap();
                    if part.starts_with("training") {
                        prop_assert!(composed(&moved(number.parse().unwrap())).is_ok(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn order_never_matters(order in Just(all()).prop_shuffle()) {
        prop_assert_eq!(composed(&order).unwrap(), composed(&all()).unwrap());
    }

    #[test]
    fn a_workload_more_changes_nothing_of_the_others(chosen in prop::sample::subsequence(vec![0_usize, 1, 2, 3, 4], 1..5), more in 0_usize..5) {
        let policies = all();
        let pick = |indexes: &[usize]| -> Vec<Named> { indexes.iter().map(|index| policies[*index].clone()).collect() };
        let before = composed(&pick(&chosen)).unwrap();
        let mut with: Vec<usize> = chosen.iter().copied().filter(|index| *index != more).collect();
        with.push(more);
        let after = composed(&pick(&with)).unwrap();
        let places = |composition: &Composition| -> BTreeMap<String, u16> {
            let rules = composition.policy.security_rules.values().filter(|rule| rule.access == Access::Allow);
            rules.map(|rule| (rule.name.to_string(), rule.priority.get())).collect()
        };
        let kept = places(&after);
        for (name, place) in places(&before) {
            prop_assert_eq!(kept.get(&name), Some(&place), "{}", name);
        }
    }

    #[test]
    fn the_same_twice_is_there_once(index in 0_usize..5) {
        let (name, workload, policy) = all()[index].clone();
        let once = composed(&[(name, workload, policy.clone())]).unwrap();
        let twice = composed(&[(name, workload, policy.clone()), ("again", workload, policy)]).unwrap();
        prop_assert_eq!(once.policy, twice.policy);
    }
}
