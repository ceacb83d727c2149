//! Attached virtual machines and HDInsight clusters, held against the document of 2020 and what later editions narrow.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

#[path = "inputs/refusals.rs"]
mod refusals;

use std::collections::BTreeSet;

use lockeddown::{
    network::{AddressSide, Direction, Passage, Ports, Protocol},
    requirements::{catalogue, systems},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

use crate::refusals::refused;

fn inputs(changes: &[(&str, Value)]) -> Value {
    let mut values = Value::object([
        ("compute_type", Value::from("virtual_machine")),
        ("location", "westeurope".into()),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn outcome(changes: &[(&str, Value)]) -> Outcome {
    Workload::find("aml_attached_compute_ingress")
        .unwrap()
        .expand(&inputs(changes), &Surroundings::none(Defaults::default()))
}

fn expand(changes: &[(&str, Value)]) -> Expanded {
    let outcome = outcome(changes);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn egress(of: &[(&str, &str)]) -> Value {
    Value::object(of.iter().map(|(name, value)| (*name, Value::from(*value))))
}

/// The rules in the columns of the tables.
fn table(expanded: &Expanded) -> Vec<String> {
    let side = |side: &AddressSide| match side {
        AddressSide::Any => "*".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        AddressSide::Groups(_) => "group".to_owned(),
    };
    let ports = |ports: &Ports| match ports {
        Ports::Any => "*".to_owned(),
        Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    let mut rules: Vec<_> = expanded.policy.security_rules.values().collect();
    rules.sort_by_key(|rule| (rule.priority, rule.direction));
    let row = |rule: &&lockeddown::network::SecurityRule| {
        format!(
            "{},{},{},{},{},{},{},{}",
            rule.priority,
            rule.name,
            rule.direction,
            rule.access,
            rule.protocol,
            side(&rule.source),
            side(&rule.destination),
            ports(&rule.destination_ports)
        )
    };
    rules.iter().map(row).collect()
}

fn transcribed(text: &str) -> Vec<String> {
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn with_everything_asked_for_the_rules_are_the_transcribed_tables() {
    let cases = [
        (
            "2020-07",
            "public",
            "westeurope",
            include_str!("tables/aml_attached_compute_ingress-2020-07.csv"),
        ),
        (
            "2022-10",
            "public",
            "West Europe",
            include_str!("tables/aml_attached_compute_ingress-2022-10.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            include_str!("tables/aml_attached_compute_ingress-2026-08.csv"),
        ),
        (
            "2020-07",
            "china",
            "chinaeast2",
            include_str!("tables/aml_attached_compute_ingress-2020-07-china.csv"),
        ),
        (
            "2026-08",
            "usgovernment",
            "usgovvirginia",
            include_str!("tables/aml_attached_compute_ingress-2026-08-usgovernment.csv"),
        ),
    ];
    for (edition, environment, location, rows) in cases {
        let expanded = expand(&[
            ("edition", edition.into()),
            ("environment", environment.into()),
            ("location", location.into()),
            ("compute_type", "hdinsight".into()),
            ("egress", egress(&[])),
        ]);
        assert_eq!(table(&expanded), transcribed(rows), "{edition} {environment}");
    }
}

#[test]
fn where_front_door_has_no_tag_for_it_the_registry_has_hosts() {
    let hosts = |changes: &[(&str, Value)]| expand(changes).policy.hosts.into_keys().collect::<Vec<_>>();
    let limited = ("egress", egress(&[]));
    for (environment, location) in [("usgovernment", "usgovvirginia"), ("china", "chinaeast2")] {
        let there = [("environment", Value::from(environment)), ("location", location.into())];
        let found = hosts(&[&there[..], std::slice::from_ref(&limited)].concat());
        assert_eq!(
            found,
            ["*.data.mcr.microsoft.com", "mcr.microsoft.com"],
            "{environment}"
        );
        assert_eq!(hosts(&there), [""; 0], "nothing is limited without `egress`");
    }
    assert_eq!(hosts(std::slice::from_ref(&limited)), [""; 0]);
}

#[test]
fn without_egress_a_virtual_machine_has_one_rule_and_nothing_is_denied() {
    let rows = transcribed(include_str!("tables/aml_attached_compute_ingress-2026-08.csv"));
    let expanded = expand(&[]);
    assert_eq!(table(&expanded), rows[..1]);
    assert!(expanded.policy.prerequisites.contains_key("AML-VM-DEFAULT-OUTBOUND"));
    assert!(!expanded.policy.prerequisites.contains_key("AML-HDI-RESOLVER"));

    let cluster = expand(&[("compute_type", "hdinsight".into())]);
    assert_eq!(table(&cluster), rows[..2]);
    let unmanaged = expand(&[
        ("compute_type", "hdinsight".into()),
        ("hdinsight_management_enabled", false.into()),
    ]);
    assert_eq!(table(&unmanaged), rows[..1]);
}

#[test]
fn without_microsofts_images_their_two_tags_are_missing_and_nothing_else_moves() {
    let mut rows = transcribed(include_str!("tables/aml_attached_compute_ingress-2026-08.csv"));
    rows.retain(|row| {
        !row.contains("HDInsight") && !row.contains("MicrosoftContainerRegistry") && !row.contains("FirstParty")
    });
    let expanded = expand(&[("egress", egress(&[])), ("microsoft_images_enabled", false.into())]);
    assert_eq!(table(&expanded), rows);
}

#[test]
fn ssh_listens_where_the_machine_says_on_the_subnet_of_both_families() {
    let expanded = expand(&[
        ("ssh_port", 5022_i64.into()),
        (
            "subnet_address_prefixes",
            Value::string_set(["10.3.0.0/24", "fd00:3::/64"]),
        ),
    ]);
    assert_eq!(
        table(&expanded),
        [
            "1200,AllowAzureMachineLearningSshInbound,Inbound,Allow,Tcp,AzureMachineLearning,10.3.0.0/24,5022",
            "1250,AllowAzureMachineLearningSshInbound_ipv6,Inbound,Allow,Tcp,AzureMachineLearning,fd00:3::/64,5022",
        ]
    );
}

#[test]
fn the_protocol_may_be_narrower_than_the_document_but_not_wider() {
    let narrowed = expand(&[("edition", "2020-07".into()), ("protocol", "Tcp".into())]);
    let rule = &narrowed.policy.security_rules["AllowAzureMachineLearningSshInbound"];
    assert_eq!(rule.protocol, Protocol::Tcp);
    assert!(rule.requirement_ids.contains("AML-VM-SSH-ANY"));
    assert!(outcome(&[("protocol", "*".into())]).has_errors());
    assert!(!outcome(&[("edition", "2020-07".into()), ("protocol", "*".into())]).has_errors());
}

#[test]
fn answers_to_the_internet_go_back_past_the_appliance() {
    let routes = |changes: &[(&str, Value)]| -> Vec<String> {
        let routes = expand(changes).policy.routes;
        let line = |route: &lockeddown::network::Route| format!("{} {}", route.destination, route.next_hop.as_str());
        routes.values().map(line).collect()
    };
    let appliance = ("default_route_next_hop_type", Value::from("VirtualAppliance"));
    assert_eq!(
        routes(std::slice::from_ref(&appliance)),
        [] as [String; 0],
        "no public address, no answers to it"
    );
    let public = ("public_ip_enabled", Value::from(true));
    assert_eq!(
        routes(std::slice::from_ref(&public)),
        [] as [String; 0],
        "no appliance in between"
    );
    assert_eq!(
        routes(&[appliance.clone(), public.clone()]),
        ["AzureMachineLearning Internet"]
    );

    // Where nobody is let in there are no answers, in the words of either edition.
    for (edition, id) in [("2020-07", "AML-VM-SSH-ANY"), ("2026-08", "AML-VM-SSH")] {
        let waived = Value::object([(id, Value::from("no SSH"))]);
        let changes = [
            ("edition", edition.into()),
            ("waived_requirements", waived),
            appliance.clone(),
            public.clone(),
        ];
        assert_eq!(routes(&changes), [] as [String; 0], "{edition}");
    }

    // The firewall of `egress` is such an appliance, without being named twice.
    let firewall = egress(&[("type", "firewall"), ("firewall_private_ip_address", "10.0.9.4")]);
    let behind = [
        ("compute_type", "hdinsight".into()),
        public,
        ("egress", firewall),
        ("subnet_address_prefixes", Value::string_set(["10.3.0.0/24"])),
    ];
    assert_eq!(
        routes(&behind),
        [
            "HDInsight Internet",
            "AzureMachineLearning Internet",
            "0.0.0.0/0 VirtualAppliance"
        ]
    );
}

#[test]
fn a_firewall_gets_the_limited_outbound_as_network_rules() {
    let firewall = egress(&[("type", "firewall"), ("firewall_private_ip_address", "10.0.9.4")]);
    let expanded = expand(&[
        ("egress", firewall),
        ("subnet_address_prefixes", Value::string_set(["10.3.0.0/24"])),
    ]);
    let rules: BTreeSet<_> = expanded.policy.network_rule_collections[0]
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    let allowed: BTreeSet<_> = expanded
        .policy
        .security_rules
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with("AllowAttached"))
        .collect();
    assert_eq!(rules, allowed);
    assert!(expanded.policy.security_rules.contains_key("AllowFilteredInternet"));
    assert_eq!(expanded.policy.application_rule_collections, []);
}

#[test]
fn a_proxy_is_let_through_before_the_internet_is_denied() {
    let mut proxy = egress(&[("type", "proxy"), ("proxy_address", "198.51.100.7")]);
    proxy.set_attribute("proxy_port", 3128_i64.into());
    let rows = table(&expand(&[("egress", proxy)]));
    let row = "1225,AllowAttachedHttpsProxy,Outbound,Allow,Tcp,*,198.51.100.7/32,3128".to_owned();
    assert!(rows.contains(&row), "{rows:#?}");
}

#[test]
fn who_comes_through_the_appliance_is_answered_through_it() {
    let passage = |changes: &[(&str, Value)]| {
        let flows = expand(changes).policy.flows;
        flows["AML-VM-SSH"].passage
    };
    let appliance = ("default_route_next_hop_type", Value::from("VirtualAppliance"));
    assert_eq!(passage(&[]), Passage::Direct);
    assert_eq!(passage(std::slice::from_ref(&appliance)), Passage::Handover);
    assert_eq!(
        passage(&[appliance, ("public_ip_enabled", true.into())]),
        Passage::Direct
    );
}

#[test]
fn what_decides_the_rules_must_be_known_and_a_next_hop_need_not() {
    let unknown = outcome(&[("compute_type", Value::UNKNOWN)]);
    assert!(unknown.expanded.is_none() && !unknown.has_errors());
    // The region stands in two tags of the limited outbound, and nowhere else.
    let without_tags = outcome(&[("location", Value::UNKNOWN)]);
    assert!(without_tags.expanded.is_some());
    let with_tags = outcome(&[("location", Value::UNKNOWN), ("egress", egress(&[]))]);
    assert!(with_tags.expanded.is_none() && !with_tags.has_errors());

    let mut firewall = egress(&[("type", "firewall")]);
    firewall.set_attribute("firewall_private_ip_address", Value::UNKNOWN);
    let leaf = outcome(&[
        ("egress", firewall),
        ("subnet_address_prefixes", Value::string_set(["10.3.0.0/24"])),
    ]);
    assert!(leaf.expanded.unwrap().policy.routes.contains_key("default"));
}

#[test]
fn what_users_get_wrong_is_explained_at_its_argument() {
    let firewall = egress(&[("type", "firewall"), ("firewall_private_ip_address", "10.0.9.4")]);
    let cases: &[&[(&str, Value)]] = &[
        &[("compute_type", "virtual_machin".into())],
        &[("ssh_port", 0_i64.into())],
        &[("protocol", "*".into())],
        &[("edition", "2011".into())],
        &[("isolation", "strict".into())],
        &[("priority_base", 3950_i64.into())],
        &[("egress", firewall.clone())],
        &[
            ("egress", firewall),
            ("subnet_address_prefixes", Value::string_set(["10.3.0.0/24"])),
            ("default_route_next_hop_type", "Internet".into()),
        ],
        &[
            ("route_targets", "address_prefix".into()),
            ("public_ip_enabled", true.into()),
            ("default_route_next_hop_type", "VirtualAppliance".into()),
        ],
        &[("hdinsight_management_enabled", false.into())],
    ];
    let mut report = String::new();
    for changes in cases {
        let outcome = outcome(changes);
        report.push_str(&refused(&changes, &outcome));
    }
    insta::assert_snapshot!(report);
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let prefixes = |texts: &'static [&'static str]| {
        proptest::sample::subsequence(texts.to_vec(), 1..=texts.len()).prop_map(Value::string_set)
    };
    (
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec![
            ("public", "norwayeast"),
            ("usgovernment", "usgovarizona"),
            ("china", "chinanorth3"),
        ]),
        prop::sample::select(vec!["virtual_machine", "hdinsight"]),
        prop::option::of(prop::sample::select(vec!["none", "internet", "strict"])),
        prefixes(&["10.3.0.0/24", "fd00:3::/64"]),
        prop::option::of(100_i64..=3900),
        any::<bool>(),
    )
        .prop_map(
            |(edition, (environment, location), compute, limited, subnet, base, public)| {
                let mut options = vec![
                    ("edition", edition.into()),
                    ("environment", environment.into()),
                    ("location", location.into()),
                    ("compute_type", compute.into()),
                    ("subnet_address_prefixes", subnet),
                    ("priority_base", base.into()),
                    ("public_ip_enabled", public.into()),
                ];
                if let Some(isolation) = limited {
                    options.push(("isolation", isolation.into()));
                    options.push(("egress", egress(&[])));
                }
                options
            },
        )
}

proptest! {
    #[test]
    fn rules_are_what_azure_and_the_catalogue_accept(options in options()) {
        let known: BTreeSet<&str> = systems()
            .flat_map(|system| catalogue(system).unwrap().all())
            .map(|requirement| requirement.id.as_str())
            .collect();
        let expanded = expand(&options);
        let base = options.iter().find(|(name, _)| *name == "priority_base").map(|(_, value)| value.clone());
        let base = match base {
            Some(Value::Number(number)) => number.to_i64().unwrap(),
            _ => 1200,
        };
        let mut taken = BTreeSet::new();
        let (mut allows, mut denies) = (false, false);
        for rule in expanded.policy.security_rules.values() {
            prop_assert!(taken.insert((rule.direction, rule.priority)), "{} shares its priority", rule.name);
            let priority = i64::from(rule.priority.get());
            prop_assert!((base..base + 100).contains(&priority) || (4000..=4096).contains(&priority), "{}", priority);
            prop_assert!(!rule.requirement_ids.is_empty());
            prop_assert!(rule.requirement_ids.iter().all(|id| known.contains(id.as_str())));
            prop_assert!(rule.name.as_str().len() <= 80 && rule.description.as_str().len() <= 140);
            for side in [&rule.source, &rule.destination] {
                if let AddressSide::Prefixes(prefixes) = side {
                    let families: BTreeSet<_> = prefixes.iter().map(|prefix| prefix.family()).collect();
                    prop_assert_eq!(families.len(), 1);
                }
            }
            if rule.direction == Direction::Outbound {
                allows |= rule.access == lockeddown::network::Access::Allow;
                denies |= rule.access == lockeddown::network::Access::Deny;
            }
        }
        let open = options.iter().any(|option| *option == ("isolation", Value::from("none")));
        prop_assert_eq!(allows && !open, denies, "an allow list restricts nothing without its deny");
    }

    #[test]
    fn an_option_never_moves_the_rules_of_another(options in options()) {
        let base = expand(&options);
        let mut more = options.clone();
        more.push(("compute_type", "hdinsight".into()));
        more.push(("default_route_next_hop_type", "VirtualAppliance".into()));
        if options.iter().any(|(name, _)| *name == "egress") {
            more.push(("dns_server_addresses", Value::string_set(["10.6.0.4", "fd00:6::4"])));
        }
        let more = expand(&more);
        for (name, rule) in &base.policy.security_rules {
            prop_assert_eq!(Some(rule), more.policy.security_rules.get(name));
        }
    }
}
