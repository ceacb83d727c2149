//! From requirements to security rules: names, priorities, address families.
//!
//! A rule's name and priority depend on its requirement, the priority base and nothing else, so no option ever moves another
//! option's rule. IPv4 and IPv6 have separate rules, because Azure refuses to mix them, and separate slots.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    egress::Egress,
    inputs::Inputs,
    problem::Stop,
    shared::{ADDRESS_FAMILIES, Shared},
};
use crate::{
    network::{
        Access, AddressSide, Description, Direction, Family, Known, PortRange, Ports, Prefix, Priority, Protocol,
        RuleName, SecurityRule, SecurityRules, ServiceTag,
    },
    requirements::{Condition, Kind, Peer, Requirement},
};

/// The priorities a workload may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// The first priority; what `priority_base` replaces.
    pub(super) start: i64,
    /// The last priority.
    pub(super) end: i64,
    /// How far behind an IPv4 rule its IPv6 twin stands.
    pub(super) ipv6_offset: i64,
}

/// An end of a flow before address families are told apart.
#[derive(Clone, Debug)]
pub(super) enum End {
    Any,
    Tag(ServiceTag),
    Prefixes(BTreeSet<Prefix>),
    Groups(Known<BTreeSet<String>>),
}

impl End {
    /// The subnet's own side: its prefixes, or `*`, which is what the documents write.
    pub(super) fn local(shared: &Shared) -> End {
        if shared.local.is_empty() {
            End::Any
        } else {
            End::Prefixes(shared.local.clone())
        }
    }

    /// A service tag; the user's explicit address spaces take the place of `VirtualNetwork`.
    pub(super) fn tag(tag: ServiceTag, shared: &Shared) -> End {
        if tag.as_str() == "VirtualNetwork" && !shared.virtual_network.is_empty() {
            return End::Prefixes(shared.virtual_network.clone());
        }
        End::Tag(tag)
    }

    /// The end as far as the row speaks of it: what an appliance decides about goes there by 0.0.0.0/0, which no IPv6 packet follows, so a rule
    /// for IPv6 would be a way past it. `None` where nothing is left.
    pub(super) fn seen_by(self, egress: &Egress, shared: &Shared, row: &Requirement, peer: &Peer) -> Option<End> {
        let inside = |tag: &String| matches!(tag.as_str(), "VirtualNetwork" | "AzureLoadBalancer");
        let leaves = row.kind == Kind::Flow
            && row.direction == Direction::Outbound
            && peer.service_tag.as_ref().is_some_and(|tag| !inside(tag));
        if !egress.leads_ipv4_only() || !leaves {
            return Some(self);
        }
        let prefixes = match self {
            End::Prefixes(prefixes) => prefixes,
            // The whole subnet: what it has of both families is known all the same.
            End::Any if shared.subnet.iter().any(|prefix| prefix.family() == Family::V6) => shared.subnet.clone(),
            end => return Some(end),
        };
        let ipv4 = prefixes.into_iter().filter(|prefix| prefix.family() == Family::V4);
        let ipv4: BTreeSet<Prefix> = ipv4.collect();
        (!ipv4.is_empty()).then_some(End::Prefixes(ipv4))
    }

    fn families(&self) -> Option<BTreeSet<Family>> {
        match self {
            End::Prefixes(prefixes) => Some(prefixes.iter().map(Prefix::family).collect()),
            End::Any | End::Tag(_) | End::Groups(_) => None,
        }
    }

    /// The prefixes as a message shows them.
    fn in_words(&self) -> String {
        let End::Prefixes(prefixes) = self else {
            return String::new();
        };
        let quoted: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
        quoted.join(", ")
    }

    /// As a rule says it.
    pub(super) fn to_side(&self) -> AddressSide {
        self.of_family(None)
    }

    fn of_family(&self, family: Option<Family>) -> AddressSide {
        match self {
            End::Any => AddressSide::Any,
            End::Tag(tag) => AddressSide::Tag(tag.clone()),
            End::Groups(groups) => AddressSide::Groups(groups.clone()),
            End::Prefixes(prefixes) => AddressSide::Prefixes(
                prefixes
                    .iter()
                    .filter(|prefix| family.is_none_or(|family| prefix.family() == family))
                    .copied()
                    .collect(),
            ),
        }
    }
}

/// A rule before it has its place.
#[derive(Clone, Debug)]
pub(super) struct Draft<'r> {
    pub(super) requirement_id: &'r str,
    pub(super) purpose: &'r str,
    pub(super) name: &'r str,
    /// Before `priority_base`; a tail deny (4000 and above) is placed by `deny_priority` instead.
    pub(super) priority: i64,
    pub(super) direction: Direction,
    pub(super) access: Access,
    pub(super) protocol: Protocol,
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) ports: Ports,
}

/// The rule set of one NSG in the making.
#[derive(Debug)]
pub(super) struct RuleSet<'a> {
    shared: &'a Shared,
    inputs: &'a Inputs<'a>,
    band: Band,
    rules: SecurityRules,
    /// Rules that stand for one address family only, though an end has both.
    one_sided: BTreeMap<Family, Vec<String>>,
    of_others: bool,
    /// The argument of the nearer end.
    here: &'static str,
}

const TAIL_DENY: i64 = 4000;
const DENY_IPV6_OFFSET: i64 = 8;

impl<'a> RuleSet<'a> {
    pub(super) fn new(shared: &'a Shared, inputs: &'a Inputs<'a>, band: Band) -> RuleSet<'a> {
        RuleSet {
            shared,
            inputs,
            band,
            rules: BTreeMap::new(),
            one_sided: BTreeMap::new(),
            of_others: false,
            here: "subnet_address_prefixes",
        }
    }

    /// The same where another argument than the subnet's prefixes says what stands here.
    pub(super) fn about(mut self, argument: &'static str) -> RuleSet<'a> {
        self.here = argument;
        self
    }

    /// The same with rules that have their places already.
    pub(super) fn with(mut self, rules: SecurityRules) -> RuleSet<'a> {
        self.rules.extend(rules);
        self
    }

    /// The same for the NSG of somebody else, about which nobody is warned twice.
    pub(super) fn of_others(mut self) -> RuleSet<'a> {
        self.of_others = true;
        self
    }

    /// Adds the rule, or its IPv4 and IPv6 twins.
    pub(super) fn add(&mut self, draft: Draft<'_>) -> Result<(), Stop> {
        let families = match (draft.source.families(), draft.destination.families()) {
            (None, None) => return self.place(&draft, None),
            (Some(families), None) | (None, Some(families)) => families,
            (Some(source), Some(destination)) => {
                for lost in source.symmetric_difference(&destination) {
                    let rules = self.one_sided.entry(*lost).or_default();
                    rules.push(format!("`{}` ({})", draft.name, draft.requirement_id));
                }
                source.intersection(&destination).copied().collect()
            }
        };
        if families.is_empty() {
            let detail = format!(
                "{} and {} are the two ends of `{}` and have no address family in common, so the flow that {id} demands cannot exist. Give both ends \
                 prefixes of one family, or waive {id} with a reason.",
                draft.source.in_words(),
                draft.destination.in_words(),
                draft.name,
                id = draft.requirement_id
            );
            return Err(self
                .inputs
                .findings()
                .error(self.inputs.path(self.here), "No common address family", detail));
        }
        for family in families {
            self.place(&draft, Some(family))?;
        }
        Ok(())
    }

    /// The user's own rules, then the finished set.
    pub(super) fn finish(mut self) -> Result<SecurityRules, Stop> {
        self.warn_of_lost_families();
        for rule in self.shared.extra_rules.values() {
            let path = self.inputs.path("extra_rules").key(rule.name.as_str());
            self.insert(rule.clone(), path)?;
        }
        Ok(self.rules)
    }

    /// A flow needs one family at both ends; what only one end has is closed, which its user may not expect.
    fn warn_of_lost_families(&self) {
        if self.of_others || self.shared.waived.contains_key(ADDRESS_FAMILIES) {
            return;
        }
        for (family, rules) in &self.one_sided {
            let detail = format!(
                "Only one end of {} has {family} addresses, so there is no {family} rule and such packets are not let through. Give the other \
                 end's {family} prefixes too, or waive {ADDRESS_FAMILIES} with a reason.",
                rules.join(" and ")
            );
            let path = self.inputs.path(self.here);
            self.inputs
                .findings()
                .warning(path, "Address family of one end only", detail);
        }
    }

    fn place(&mut self, draft: &Draft<'_>, family: Option<Family>) -> Result<(), Stop> {
        let ipv6 = family == Some(Family::V6);
        let name = format!(
            "{}{}{}",
            self.shared.name_prefix,
            draft.name,
            if ipv6 { "_ipv6" } else { "" }
        );
        let name: RuleName = name.parse().map_err(|error| {
            self.inputs.findings().error(
                self.inputs.path("name_prefix"),
                "Invalid rule name",
                format!("{error}."),
            )
        })?;
        let rule = SecurityRule {
            name,
            description: Description::of(draft.purpose, draft.requirement_id),
            priority: self.priority(draft.priority, ipv6)?,
            direction: draft.direction,
            access: draft.access,
            protocol: draft.protocol,
            source: draft.source.of_family(family),
            source_ports: Ports::Any,
            destination: draft.destination.of_family(family),
            destination_ports: draft.ports.clone(),
            requirement_ids: BTreeSet::from([draft.requirement_id.to_owned()]),
        };
        self.insert(rule, self.inputs.path("priority_base"))
    }

    fn priority(&self, documented: i64, ipv6: bool) -> Result<Priority, Stop> {
        let findings = self.inputs.findings();
        let number = if documented >= TAIL_DENY {
            documented - TAIL_DENY + self.shared.deny_priority + i64::from(ipv6) * DENY_IPV6_OFFSET
        } else {
            let base = self.shared.priority_base.unwrap_or(self.band.start);
            let highest = TAIL_DENY - 1 - (self.band.end - self.band.start);
            if !(100..=highest).contains(&base) {
                let detail = format!(
                    "`priority_base` is `{base}`: the workload's {} priorities must end before the denies at 4000, so the base can be 100 \
                     to {highest}.",
                    self.band.end - self.band.start + 1
                );
                return Err(findings.error(self.inputs.path("priority_base"), "Priority out of range", detail));
            }
            base + documented - self.band.start + i64::from(ipv6) * self.band.ipv6_offset
        };
        Priority::try_from(number).map_err(|error| {
            let base = self.shared.deny_priority;
            let detail =
                format!("With `deny_priority` `{base}` a deny rule would have to stand at `{number}`: {error}.");
            findings.error(self.inputs.path("deny_priority"), "Priority out of range", detail)
        })
    }

    /// Every rule of every set passes here, a user's own too.
    fn insert(&mut self, mut rule: SecurityRule, path: tfplugin_rs::value::Path) -> Result<(), Stop> {
        rule.source = rule.source.without_overlap();
        rule.destination = rule.destination.without_overlap();
        let taken = self.rules.values().find(|other| {
            other.name.as_str().eq_ignore_ascii_case(rule.name.as_str())
                || (other.priority == rule.priority && other.direction == rule.direction)
        });
        let Some(other) = taken else {
            self.rules.insert(rule.name.as_str().to_owned(), rule);
            return Ok(());
        };
        let findings = self.inputs.findings();
        if other.name.as_str().eq_ignore_ascii_case(rule.name.as_str()) {
            let detail = format!(
                "Two rules are called `{}`; Azure compares names without case. Rename one.",
                rule.name
            );
            return Err(findings.error(path, "Rule name taken", detail));
        }
        let detail = format!(
            "`{}` and `{}` both stand at priority {} {}; an NSG has each priority once per direction. Free here: {}.",
            rule.name,
            other.name,
            rule.priority,
            rule.direction,
            self.free_priority(rule.direction, rule.priority)
        );
        Err(findings.error(path, "Priority taken", detail))
    }

    fn free_priority(&self, direction: Direction, near: Priority) -> String {
        let taken: BTreeSet<i64> = self
            .rules
            .values()
            .filter(|rule| rule.direction == direction)
            .map(|rule| i64::from(rule.priority.get()))
            .collect();
        let near = i64::from(near.get());
        let free = (near..4000).chain(100..near).find(|priority| !taken.contains(priority));
        free.map_or_else(|| "none".to_owned(), |priority| priority.to_string())
    }
}

/// The settings of a workload that conditions of the catalogue speak of.
pub(super) type Switches = BTreeMap<&'static str, Condition>;

/// The rows of the edition and cloud whose conditions hold and that nobody waived.
pub(super) fn requirements<'s>(
    shared: &'s Shared,
    switches: &'s Switches,
    kinds: &'s [Kind],
) -> impl Iterator<Item = &'static Requirement> + 's {
    applicable(shared, switches, kinds).filter(|row| !shared.waived.contains_key(&row.id))
}

/// The same with those that are waived.
pub(super) fn applicable<'s>(
    shared: &'s Shared,
    switches: &'s Switches,
    kinds: &'s [Kind],
) -> impl Iterator<Item = &'static Requirement> + 's {
    let every_workloads = shared.isolation_rows.of_edition(shared.edition);
    shared
        .catalogue
        .of_edition(shared.edition)
        .chain(every_workloads)
        .filter(move |row| {
            kinds.contains(&row.kind)
                && row
                    .when
                    .iter()
                    .all(|(name, wanted)| holds(switches.get(name.as_str()), wanted))
        })
}

fn holds(setting: Option<&Condition>, wanted: &Condition) -> bool {
    match (setting, wanted) {
        (Some(Condition::Text(setting)), Condition::AnyOf(words)) => words.contains(setting),
        (Some(setting), wanted) => setting == wanted,
        (None, _) => false,
    }
}

/// The ports of a row; the row's `port_argument` replaces its only port.
pub(super) fn ports_of(row: &Requirement, inputs: &Inputs<'_>) -> Result<Ports, Stop> {
    if let Some(argument) = &row.port_argument {
        // An argument may be an attribute of an object: `package_mirror.port`.
        let port = match argument.split_once('.') {
            Some((object, name)) => inputs.object(object, |object| port(object, name, row))?.flatten(),
            None => port(inputs, argument, row)?,
        };
        if let Some(port) = port {
            return Ok(Ports::single(port));
        }
    }
    if row.ports.is_empty() {
        return Ok(Ports::Any);
    }
    let ranges: Result<BTreeSet<PortRange>, _> = row.ports.iter().map(|text| text.parse()).collect();
    ranges.map(Ports::Ranges).map_err(|_| malformed(row, inputs))
}

fn port(inputs: &Inputs<'_>, argument: &str, row: &Requirement) -> Result<Option<u16>, Stop> {
    let Some(number) = inputs.number(argument)? else {
        return Ok(None);
    };
    match u16::try_from(number) {
        Ok(port @ 1..) => Ok(Some(port)),
        _ => {
            let detail = format!("`{argument}` is `{number}`: a port is 1 to 65535 ({}).", row.id);
            Err(inputs.findings().error(inputs.path(argument), "Invalid port", detail))
        }
    }
}

/// The protocol of a row.
pub(super) fn protocol_of(row: &Requirement, inputs: &Inputs<'_>) -> Result<Protocol, Stop> {
    let protocol = row.protocol.as_deref().unwrap_or("*");
    protocol.parse().map_err(|_| malformed(row, inputs))
}

/// A row that a test of the catalogue should have refused.
pub(super) fn malformed(row: &Requirement, inputs: &Inputs<'_>) -> Stop {
    let detail = format!(
        "Requirement {} of the catalogue is malformed. This is a defect of the provider; please report it.",
        row.id
    );
    inputs
        .findings()
        .error(inputs.path("edition"), "Unusable catalogue", detail)
}
