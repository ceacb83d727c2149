//! What every row of every file must keep to.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    network::{Direction, PortRange, Prefix, Priority, Protocol, RuleName, ServiceEndpoint, ServiceTag},
    requirements::{Category, Condition, Kind, Peer},
};

type Row = &'static Requirement;

/// The roles whose subnets get rules from us; flows between others only tell somebody else what to let pass.
const RULED: [&str; 7] = [
    "server",
    "node",
    "return_proxy",
    "jump_host",
    "azure_bastion",
    "compute",
    "license_client",
];

fn rows_of(source: &'static Source) -> Vec<Row> {
    catalogue(source.system)
        .unwrap_or_else(|error| panic!("{error}"))
        .all()
        .collect()
}

fn every_row() -> Vec<Row> {
    SOURCES.iter().flat_map(rows_of).collect()
}

fn peers_of(row: Row) -> impl Iterator<Item = &'static Peer> {
    row.peer.iter().chain(row.peers.values())
}

/// A peer's text with something plausible in the place of every argument.
fn filled_in(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push_str(if name.contains("location") {
            "WestEurope"
        } else if name.contains("hosts") {
            "git.example.com"
        } else {
            "name"
        });
        rest = after;
    }
    filled + rest
}

fn overlap(one: Row, other: Row) -> bool {
    one.until.is_none_or(|until| other.from < until) && other.until.is_none_or(|until| one.from < until)
}

#[test]
fn ids_are_unique_and_short_enough_for_a_rules_description() {
    let mut seen = BTreeSet::new();
    for row in every_row() {
        assert!(seen.insert(&row.id), "{} stands twice", row.id);
        assert!(row.id.len() <= 40, "{} is too long", row.id);
        let spelled = row
            .id
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
        assert!(spelled, "{}", row.id);
        assert!(
            row.purpose.len() <= 100,
            "{}: a purpose begins a description of 140 characters",
            row.id
        );
    }
}

#[test]
fn what_rows_say_is_what_azure_accepts() {
    for row in every_row() {
        for peer in peers_of(row).chain(&row.destination) {
            for tag in peer.service_tag.iter().chain(&peer.covered_by) {
                filled_in(tag)
                    .parse::<ServiceTag>()
                    .unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
            if let Some(name) = &peer.service_endpoint {
                assert!(
                    ServiceEndpoint::from_name(&filled_in(name)).is_some(),
                    "{}: {name}",
                    row.id
                );
            }
            for prefix in &peer.address_prefixes {
                prefix
                    .parse::<Prefix>()
                    .unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
            if let Some(host) = &peer.host {
                let name = filled_in(host).trim_start_matches("*.").to_owned();
                let label =
                    |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                assert!(
                    name.contains('.') && name.split('.').all(label),
                    "{}: `{host}` is no host name",
                    row.id
                );
            }
        }
        for ports in &row.ports {
            ports
                .parse::<PortRange>()
                .unwrap_or_else(|error| panic!("{}: {error}", row.id));
        }
        if let Some(protocol) = &row.protocol {
            protocol
                .parse::<Protocol>()
                .unwrap_or_else(|error| panic!("{}: {error}", row.id));
        }
        if let Some(rule) = &row.rule {
            rule.name
                .parse::<RuleName>()
                .unwrap_or_else(|error| panic!("{}: {error}", row.id));
            Priority::try_from(rule.priority).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        }
        for cloud in row.peers.keys() {
            assert!(
                ["public", "usgovernment", "china"].contains(&cloud.as_str()),
                "{}: cloud `{cloud}`",
                row.id
            );
        }
    }
}

#[test]
fn a_row_has_what_its_kind_needs_and_nothing_of_another() {
    for row in every_row() {
        let id = &row.id;
        let roles = row
            .initiator
            .iter()
            .chain(peers_of(row).filter_map(|peer| peer.role.as_ref()));
        let ruled = roles.into_iter().any(|role| RULED.contains(&role.as_str()));
        match row.kind {
            Kind::Flow => {
                assert!(row.protocol.is_some() && row.initiator.is_some(), "{id}");
                assert!(
                    row.rule.is_some() || !ruled,
                    "{id}: a subnet of ours needs a rule for it"
                );
            }
            Kind::Deny => assert!(
                row.rule.is_some() && row.protocol.is_some() && row.initiator.is_some(),
                "{id}"
            ),
            Kind::Host => assert!(
                peers_of(row).all(|peer| peer.host.is_some()) && row.initiator.is_some(),
                "{id}"
            ),
            Kind::ServiceEndpoint => assert!(peers_of(row).all(|peer| peer.service_endpoint.is_some()), "{id}"),
            Kind::Route => assert!(row.next_hop_type.is_some(), "{id}"),
            Kind::Prerequisite => assert!(row.remedy.is_some() && row.category.is_some(), "{id}"),
        }
        let prerequisite = row.kind == Kind::Prerequisite;
        assert_eq!(
            prerequisite,
            peers_of(row).next().is_none(),
            "{id}: everything but a prerequisite has a peer"
        );
        assert_eq!(
            prerequisite,
            row.category.is_some(),
            "{id}: only prerequisites have a category"
        );
        assert_eq!(
            row.category == Some(Category::Rbac),
            !row.actions.is_empty(),
            "{id}: actions go with rbac"
        );
        let of_host = row.websocket || row.url_path.is_some();
        assert!(
            !of_host || row.kind == Kind::Host,
            "{id}: websocket and url_path go with a host"
        );
        assert_eq!(
            row.kind == Kind::Route,
            row.next_hop_type.is_some(),
            "{id}: next_hop_type goes with a route"
        );
        let hops = ["Internet", "VirtualNetworkGateway", "VirtualAppliance"];
        assert!(
            row.next_hop_type.iter().all(|hop| hops.contains(&hop.as_str())),
            "{id}: {:?}",
            row.next_hop_type
        );
        assert!(
            row.peer.is_none() || row.peers.is_empty(),
            "{id}: one peer, or one for each cloud"
        );
        for peer in peers_of(row).chain(&row.destination) {
            let texts = [
                &peer.service_tag,
                &peer.host,
                &peer.fqdn_tag,
                &peer.role,
                &peer.argument,
                &peer.service_endpoint,
            ];
            let set = texts.into_iter().flatten().count() + usize::from(!peer.address_prefixes.is_empty());
            assert_eq!(set, 1, "{id}: exactly one thing is at the other end");
            assert!(
                peer.peered.is_none() || peer.service_tag.as_deref() == Some("VirtualNetwork"),
                "{id}: only the tag of the virtual network holds peered addresses"
            );
        }
    }
}

#[test]
fn a_row_that_ends_is_replaced_by_one_that_takes_over_then() {
    let rows = every_row();
    let by_id: BTreeMap<&str, Row> = rows.iter().map(|row| (row.id.as_str(), *row)).collect();
    for row in rows {
        assert!(
            row.until.is_none_or(|until| row.from < until),
            "{}: empty range of editions",
            row.id
        );
        assert_eq!(
            row.until.is_some(),
            row.replaced_by.is_some(),
            "{}: until goes with replaced_by",
            row.id
        );
        if let (Some(until), Some(name)) = (row.until, &row.replaced_by) {
            let successor = by_id
                .get(name.as_str())
                .unwrap_or_else(|| panic!("{}: no row `{name}`", row.id));
            assert!(
                successor.holds_in(until),
                "{}: `{name}` does not hold in {until}",
                row.id
            );
        }
        if let Some(name) = &row.requires {
            let flow = by_id
                .get(name.as_str())
                .unwrap_or_else(|| panic!("{}: no row `{name}`", row.id));
            assert!(
                flow.kind == Kind::Flow && row.kind == Kind::Route,
                "{}: a route answers a flow",
                row.id
            );
        }
    }
}

/// The lower part of each system's bands, where IPv4 rules stand. Azure makes the rules of Databricks itself and firewall
/// collections have no slots, so those systems have none.
fn slots(system: &str) -> &'static [std::ops::RangeInclusive<i64>] {
    match system {
        "cyclecloud" => &[100..=249, 400..=449],
        "aml_ingress" => &[500..=599],
        "aml_egress" => &[700..=949],
        "aml_attached" => &[1200..=1249],
        "license" => &[1300..=1399],
        // A place within the band of whichever workload asks for it, counted as if the band began at 100.
        "shared" => &[230..=249],
        _ => &[100..=3999],
    }
}

#[test]
fn every_slot_and_rule_name_belongs_to_one_row() {
    for source in &SOURCES {
        let rows = rows_of(source);
        let ruled: Vec<_> = rows.iter().filter_map(|row| Some((*row, row.rule.as_ref()?))).collect();
        for (position, (row, rule)) in ruled.iter().enumerate() {
            let in_band = slots(source.system).iter().any(|range| range.contains(&rule.priority));
            assert!(
                in_band || rule.priority >= 4000,
                "{}: {} is outside the band",
                row.id,
                rule.priority
            );
            assert_eq!(
                rule.priority >= 4000,
                row.kind == Kind::Deny,
                "{}: only denies stand at the end",
                row.id
            );
            for (other, taken) in ruled.iter().skip(position + 1).filter(|(other, _)| overlap(row, other)) {
                let names_differ = !rule.name.eq_ignore_ascii_case(&taken.name);
                assert!(
                    names_differ,
                    "{} and {} are both called {}",
                    row.id, other.id, rule.name
                );
                // Each NSG has a tail of its own, so the denies of different initiators may stand at one priority.
                let apart = row.direction != other.direction
                    || rule.priority != taken.priority
                    || (row.kind == Kind::Deny && row.initiator != other.initiator);
                assert!(apart, "{} and {} both stand at {}", row.id, other.id, rule.priority);
            }
        }
    }
}

#[test]
fn the_head_of_a_file_explains_every_switch() {
    for source in &SOURCES {
        let head: String = source
            .text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        for row in rows_of(source) {
            for switch in row.when.keys() {
                let explained = head
                    .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .any(|word| word == switch);
                assert!(
                    explained,
                    "{}.toml does not explain `{switch}` of {}",
                    source.system, row.id
                );
            }
        }
    }
}

#[test]
fn a_switch_has_values_of_one_type() {
    for source in &SOURCES {
        let mut types: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for row in rows_of(source) {
            for (switch, condition) in &row.when {
                let kind = match condition {
                    Condition::Bool(_) => "flag",
                    Condition::Number(_) => "number",
                    Condition::Text(_) | Condition::AnyOf(_) => "word",
                };
                let (first, id) = *types.entry(switch).or_insert((kind, &row.id));
                assert_eq!(
                    first, kind,
                    "{}: `{switch}` is a {first} in {id} and a {kind} in {}",
                    source.system, row.id
                );
            }
        }
    }
}

#[test]
fn inbound_rows_name_where_packets_come_from() {
    for row in every_row()
        .into_iter()
        .filter(|row| row.direction == Direction::Inbound)
    {
        assert!(
            peers_of(row).all(|peer| peer.role.is_none()),
            "{}: between roles the initiator opens",
            row.id
        );
        assert!(matches!(row.kind, Kind::Flow | Kind::Deny), "{}", row.id);
    }
}

#[test]
fn an_unknown_system_is_an_error() {
    assert_eq!(catalogue("x").unwrap_err(), CatalogueError::UnknownSystem("x".into()));
}
