//! What holds whatever the options are.

use std::collections::{BTreeMap, BTreeSet};

use lockeddown::{
    network::{Access, AddressSide, Direction, Family, SecurityRule},
    requirements::{catalogue, systems},
    workloads::Expanded,
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

use crate::{egress, ingress};

const LOCATIONS: [&str; 12] = [
    "northeurope",
    "francecentral",
    "eastus2",
    "southeastasia",
    "uksouth",
    "norwayeast",
    "japaneast",
    "brazilsouth",
    "canadacentral",
    "westus2",
    "swedencentral",
    "polandcentral",
];

fn check(expanded: &Expanded, band: std::ops::RangeInclusive<u16>) -> Result<(), TestCaseError> {
    let known: BTreeSet<&str> = systems()
        .flat_map(|system| catalogue(system).unwrap().all())
        .map(|row| row.id.as_str())
        .collect();
    let mut places = BTreeSet::new();
    for rule in expanded.policy.security_rules.values() {
        prop_assert!(!rule.requirement_ids.is_empty());
        for id in &rule.requirement_ids {
            prop_assert!(known.contains(id.as_str()), "{id}");
            prop_assert!(expanded.policy.requirement_ids.contains(id), "{id}");
        }
        let priority = rule.priority.get();
        prop_assert!(
            band.contains(&priority) || (4000..=4096).contains(&priority),
            "{} at {priority}",
            rule.name
        );
        prop_assert!(
            places.insert((rule.direction, priority)),
            "{} shares its priority",
            rule.name
        );
        prop_assert!(rule.name.as_str().len() <= 80 && rule.description.as_str().chars().count() <= 140);
        prop_assert!(families(rule).len() <= 1, "{} mixes families", rule.name);
    }
    Ok(())
}

fn families(rule: &SecurityRule) -> BTreeSet<Family> {
    let of = |side: &AddressSide| match side {
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(|prefix| prefix.family()).collect(),
        _ => Vec::new(),
    };
    of(&rule.source).into_iter().chain(of(&rule.destination)).collect()
}

fn places(expanded: &Expanded) -> BTreeMap<String, (Direction, u16)> {
    let rules = expanded.policy.security_rules.iter();
    rules
        .map(|(name, rule)| (name.clone(), (rule.direction, rule.priority.get())))
        .collect()
}

fn egress_options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let egress = prop::sample::select(vec!["service_tags", "firewall", "forced_tunnel", "proxy"]).prop_map(|word| {
        let mut egress = Value::object([("type", Value::from(word))]);
        match word {
            "firewall" => egress.set_attribute("firewall_private_ip_address", "10.1.0.4".into()),
            "proxy" => {
                egress.set_attribute("proxy_address", "10.1.0.5".into());
                egress.set_attribute("proxy_port", 3128_i64.into());
            }
            _ => {}
        }
        egress
    });
    (
        egress,
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec!["none", "internet", "strict"]),
        prop::sample::select(vec!["private_endpoint", "service_endpoint", "service_tag"]),
        prop::collection::vec(any::<bool>(), 6),
        prop::sample::subsequence(LOCATIONS.to_vec(), 0..4),
        prop::sample::subsequence(LOCATIONS.to_vec(), 0..4),
    )
        .prop_map(|(egress, edition, isolation, access, flags, storage, registries)| {
            let names = [
                "storage_smb_enabled",
                "high_business_impact",
                "custom_images_enabled",
                "studio_enabled",
                "automl_enabled",
            ];
            let mut options = vec![
                ("egress", egress),
                ("edition", edition.into()),
                ("isolation", isolation.into()),
                ("storage_access", access.into()),
                ("storage_locations", Value::string_set(storage)),
                ("container_registry_locations", Value::string_set(registries)),
                (
                    "subnet_address_prefixes",
                    Value::string_set(["10.0.1.0/24", "fd00:db8::/64"]),
                ),
                (
                    "virtual_network_address_spaces",
                    Value::string_set(["10.0.0.0/16", "fd00:db8::/56"]),
                ),
                (
                    "private_endpoint_address_prefixes",
                    Value::string_set(["10.0.2.0/27", "fd00:db8:0:2::/64"]),
                ),
            ];
            options.extend(names.into_iter().zip(flags).map(|(name, flag)| (name, flag.into())));
            options
        })
}

proptest! {
    #[test]
    fn egress_rules_obey_azure_and_stand_in_their_band(options in egress_options()) {
        let expanded = egress::expand(&options);
        check(&expanded, 700..=1199)?;
        let rules = &expanded.policy.security_rules;
        let denies = rules.values().any(|rule| rule.access == Access::Deny && rule.direction == Direction::Outbound);
        let isolation = options.iter().find(|(name, _)| *name == "isolation").unwrap().1.as_str();
        prop_assert_eq!(denies, isolation != Some("none"), "an allow list and its deny belong together");
    }

    #[test]
    fn an_egress_option_never_moves_the_rules_of_another(options in egress_options(), more in prop::sample::select(vec![
        "rstudio_enabled", "vscode_enabled", "r_packages_enabled", "automl_enabled", "high_business_impact", "custom_images_enabled",
    ])) {
        let mut changed: Vec<_> = options.iter().filter(|(name, _)| *name != more).cloned().collect();
        let without = egress::expand(&changed);
        changed.push((more, true.into()));
        let with = places(&egress::expand(&changed));
        for (name, place) in places(&without) {
            prop_assert_eq!(with.get(&name), Some(&place), "{}", name);
        }
    }

    #[test]
    fn a_location_more_is_a_rule_more_and_the_workspaces_own_stays_first(locations in prop::sample::subsequence(LOCATIONS.to_vec(), 1..=6)) {
        let expanded = egress::expand(&[("storage_locations", Value::string_set(locations.clone()))]);
        let storage = places(&expanded).into_iter().filter(|(name, _)| name.starts_with("AllowStorageOutbound"));
        let storage: BTreeMap<_, _> = storage.collect();
        prop_assert_eq!(storage.len(), locations.len() + 1);
        prop_assert_eq!(storage.get("AllowStorageOutbound"), Some(&(Direction::Outbound, 714)));
        prop_assert!(storage.values().all(|(_, priority)| (714..772).contains(priority)));
        for location in locations {
            let name = format!("AllowStorageOutbound_{location}");
            prop_assert!(storage.contains_key(&name), "{}", name);
            let alone = places(&egress::expand(&[("storage_locations", Value::string_set([location]))]));
            prop_assert_eq!(alone.get(&name), storage.get(&name), "{} stands where it stands alone", name);
        }
    }

    #[test]
    fn both_ways_fit_into_one_security_group(options in egress_options(), public in any::<bool>()) {
        let shared = ["edition", "isolation", "subnet_address_prefixes", "virtual_network_address_spaces"];
        let mut ingress: Vec<_> = options.iter().filter(|(name, _)| shared.contains(name)).cloned().collect();
        if public {
            ingress.push(("node_public_ip_enabled", true.into()));
        }
        // Rules of one name are one rule, as Terraform's merge() has it.
        let mut group = places(&ingress::expand(&ingress));
        group.extend(places(&egress::expand(&options)));
        let distinct: BTreeSet<_> = group.values().collect();
        prop_assert_eq!(distinct.len(), group.len(), "{:?}", group);
    }

    #[test]
    fn ingress_rules_obey_azure_and_people_move_nothing(
        edition in prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        isolation in prop::sample::select(vec!["none", "internet", "strict"]),
        types in prop::sample::select(vec![vec!["cluster"], vec!["instance"], vec![]]),
        base in prop::option::of(100_i64..=3700),
    ) {
        let mut options = vec![
            ("edition", Value::from(edition)),
            ("isolation", isolation.into()),
            ("node_public_ip_enabled", true.into()),
            ("compute_types", Value::string_set(types)),
            ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24", "fd00:db8::/64"])),
            ("priority_base", base.into()),
        ];
        let before = ingress::expand(&options);
        options.push(("ssh_source_address_prefixes", Value::string_set(["10.8.0.0/24", "fd00:8::/64"])));
        let after = ingress::expand(&options);
        let first = u16::try_from(base.unwrap_or(500)).unwrap();
        check(&after, first..=first + 199)?;
        let after = places(&after);
        for (name, place) in places(&before) {
            prop_assert_eq!(after.get(&name), Some(&place), "{}", name);
        }
    }
}
