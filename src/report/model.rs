//! The report as a value; its JSON is this, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Raised when a reader of stored reports has to know of a change.
pub const FORMAT: u32 = 1;

/// What is reported of one or several subnets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// What people call it.
    pub title: String,
    /// The worst of the subnets' verdicts: `proven`, `depends_on` or `refuted`.
    pub verdict: Standing,
    /// By name, each once.
    pub subnets: Vec<Subnet>,
}

/// One subnet, or what else stands behind one rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Unique in the report.
    pub name: String,
    /// The file that configures it, for code scanners.
    pub source_uri: Option<String>,
    /// The cloud.
    pub environment: String,
    /// The region in Azure Resource Manager's spelling.
    pub location: Option<String>,
    /// Its own prefixes, as far as the flows say them.
    pub address_prefixes: Vec<String>,
    /// What stands in it.
    pub workloads: Vec<Workload>,
    /// Whether every required flow passes and no forbidden one: `proven`, `depends_on` or `refuted`.
    pub verdict: Standing,
    /// Every requirement that took part, and every waiver, by id.
    pub requirements: Vec<Row>,
    /// What must pass.
    pub required_flows: Vec<Flow>,
    /// What must not.
    pub forbidden_flows: Vec<Flow>,
    /// What rules let pass though no requirement asks for it.
    pub exposure: Vec<Open>,
    /// What only Azure's default rules let pass.
    pub baseline: Vec<Open>,
    /// Rules that do not do what they seem to.
    pub lint: Vec<Remark>,
    /// What the expansion said and nobody waived.
    pub warnings: Vec<String>,
}

/// A workload and the edition it was expanded in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Workload {
    /// Its name, such as `cyclecloud_subnet`; `composition` where several are together.
    pub name: String,
    /// The edition; absent where several are together.
    pub edition: Option<String>,
}

/// A line of the requirement matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The requirement, or the check that was waived.
    pub id: String,
    /// What it demands.
    pub summary: String,
    /// `flow`, `deny`, `host`, `service_endpoint`, `route`, `prerequisite`, or `check`.
    pub kind: String,
    /// The document it stands in.
    pub document: Option<String>,
    /// The heading it stands under.
    pub section: Option<String>,
    /// Whether a document demands it; else it was seen to be needed.
    pub documented: bool,
    /// The edition it was read in.
    pub edition: Option<String>,
    /// What it became.
    pub rendered: Vec<Rendering>,
    /// Whether it is met.
    pub verdict: Standing,
    /// What the verdict rests on, where it is more than the proof.
    pub evidence: Option<Evidence>,
}

impl Row {
    /// Whether it demands that something stays closed.
    pub fn is_deny(&self) -> bool {
        self.kind == crate::requirements::Kind::Deny.as_str()
    }
}

/// Something that a requirement became.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rendering {
    /// What it is.
    pub form: Form,
    /// Its name.
    pub name: String,
    /// What it says.
    pub detail: String,
}

/// The sorts of things that a requirement becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A rule of the subnet's network security group.
    SecurityRule,
    /// A route.
    Route,
    /// A network rule of the firewall.
    NetworkRule,
    /// An application rule of the firewall.
    ApplicationRule,
    /// A service endpoint of the subnet.
    ServiceEndpoint,
    /// A rule that the group at the other end needs.
    CounterpartRule,
    /// A flow for the firewall on premises.
    OnPremisesFlow,
    /// A host for whoever's proxy or browser reaches it.
    Host,
    /// Something that no rule can give.
    Prerequisite,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// For every packet.
    Proven,
    /// By the configuration; there are no packets to prove it with.
    Satisfied,
    /// The user does without it, for a reason.
    Waived,
    /// The configuration does not tell.
    Unknown,
    /// The configuration does not give it.
    NotSatisfied,
    /// Something that nobody declared decides.
    DependsOn,
    /// Not for this packet.
    Refuted,
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A packet that shows it.
    pub packet: Option<String>,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: Option<String>,
    /// What would have to be so, where it depends.
    pub conditions: Vec<String>,
}

impl Evidence {
    /// In words, for people.
    pub fn in_words(&self) -> String {
        let mut text = match &self.packet {
            Some(packet) => format!("`{packet}`: {}.", self.reason),
            None => format!("{}.", self.reason),
        };
        if !self.conditions.is_empty() {
            text.push_str(&format!(" If {}.", self.conditions.join(" and ")));
        }
        if let Some(remedy) = &self.remedy {
            text.push_str(&format!(" {remedy}"));
        }
        text
    }
}

/// A flow and whether it passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Its key.
    pub key: String,
    /// The requirements behind it.
    pub requirement_ids: BTreeSet<String>,
    /// `Outbound` or `Inbound`, seen from the subnet.
    pub direction: String,
    /// In capitals; `*` for all.
    pub protocol: String,
    /// Ports of whoever accepts; empty for all.
    pub ports: Vec<String>,
    /// The subnet's end.
    pub local: Vec<String>,
    /// What the other end is.
    pub peer_type: PeerType,
    /// The other end.
    pub peer: Vec<String>,
    /// What stands between: `direct`, `firewall`, `handover`, `proxy` or `closed`.
    pub passage: String,
    /// Whether it passes; of a forbidden flow, whether none of it does.
    pub verdict: Standing,
    /// What the verdict rests on, where it is not proven.
    pub evidence: Option<Evidence>,
}

/// What the other end of a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerType {
    /// Every address.
    Any,
    /// Prefixes.
    AddressPrefixes,
    /// A service tag.
    ServiceTag,
    /// A host.
    Host,
    /// An FQDN tag of Azure Firewall.
    FqdnTag,
    /// Application security groups.
    ApplicationSecurityGroups,
}

/// Packets that pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The rule that lets them.
    pub rule: String,
    /// Whose: `security_rule`, `default_rule`, `firewall_rule` or `route`.
    pub by: String,
    /// `Outbound` or `Inbound`.
    pub direction: String,
    /// One of them.
    pub packet: String,
    /// What would have to be so for it to exist; empty where it surely does.
    pub conditions: Vec<String>,
}

/// Something about a rule that its author should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is: `shadowed`, `redundant`, `allow_without_deny`, `conflicting`, `unknown_service_tag`.
    pub kind: String,
    /// The rule.
    pub rule: String,
    /// In words.
    pub message: String,
}

/// What cannot become a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is no JSON, or that of something else.
    #[error("it is no report: {0}")]
    NoReport(String),
    /// A report of another release.
    #[error("it has the format `{0}`, and this release reads {FORMAT}: make it anew with the same release")]
    OtherFormat(String),
    /// Two subnets of one name.
    #[error("two subnets are called `{0}`: give each verification a `name` of its own")]
    NameTwice(String),
    /// Nothing to report.
    #[error("there is no subnet in it")]
    Empty,
}

impl Report {
    /// A report of these subnets, in the order of their names.
    ///
    /// # Errors
    /// Two subnets of one name, or none at all.
    pub fn new(title: &str, mut subnets: Vec<Subnet>) -> Result<Report, Unusable> {
        subnets.sort_by(|one, other| one.name.cmp(&other.name));
        let twice = subnets
            .iter()
            .zip(subnets.iter().skip(1))
            .find(|(one, next)| one.name == next.name);
        if let Some((subnet, _)) = twice {
            return Err(Unusable::NameTwice(subnet.name.clone()));
        }
        let verdict = subnets
            .iter()
            .map(|subnet| subnet.verdict)
            .max()
            .ok_or(Unusable::Empty)?;
        Ok(Report {
            format: FORMAT,
            title: title.to_owned(),
            verdict,
            subnets,
        })
    }

    /// Reads the JSON of a report.
    ///
    /// # Errors
    /// It is none, or one of another format.
    pub fn from_json(text: &str) -> Result<Report, Unusable> {
        #[derive(Deserialize)]
        struct Head {
            format: serde_json::Value,
        }
        let refused = |error: serde_json::Error| Unusable::NoReport(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(refused)?;
        if head.format.as_u64() != Some(u64::from(FORMAT)) {
            return Err(Unusable::OtherFormat(head.format.to_string()));
        }
        serde_json::from_str(text).map_err(refused)
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists: nothing that has no JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// How many lines of all matrices have which verdict.
    pub fn counts(&self) -> BTreeMap<Standing, usize> {
        let mut counts = BTreeMap::new();
        for row in self.subnets.iter().flat_map(|subnet| &subnet.requirements) {
            *counts.entry(row.verdict).or_default() += 1;
        }
        counts
    }
}

impl Standing {
    /// Every verdict.
    pub const ALL: [Standing; 7] = [
        Standing::Proven,
        Standing::Satisfied,
        Standing::Waived,
        Standing::Unknown,
        Standing::NotSatisfied,
        Standing::DependsOn,
        Standing::Refuted,
    ];

    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Proven => "proven",
            Standing::Satisfied => "satisfied",
            Standing::Waived => "waived",
            Standing::Unknown => "unknown",
            Standing::NotSatisfied => "not_satisfied",
            Standing::DependsOn => "depends_on",
            Standing::Refuted => "refuted",
        }
    }

    /// The word in a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Standing::NotSatisfied => "not satisfied",
            Standing::DependsOn => "depends",
            other => other.as_str(),
        }
    }

    /// What it means, for the legend of a report.
    pub fn meaning(self) -> &'static str {
        match self {
            Standing::Proven => "it holds for every packet, through security group, routes and firewall",
            Standing::Satisfied => "the configuration gives it; there are no packets to prove it with",
            Standing::Waived => "the configuration does without it, for the reason it states",
            Standing::Unknown => "the configuration does not tell; somebody has to check",
            Standing::NotSatisfied => "the configuration does not give it",
            Standing::DependsOn => "something that nobody declared decides; this is not proven",
            Standing::Refuted => "it does not hold for the packet that is shown",
        }
    }
}

impl Form {
    /// What people call it.
    pub fn in_words(self) -> &'static str {
        match self {
            Form::SecurityRule => "rule",
            Form::Route => "route",
            Form::NetworkRule => "firewall network rule",
            Form::ApplicationRule => "firewall application rule",
            Form::ServiceEndpoint => "service endpoint",
            Form::CounterpartRule => "rule at the other end",
            Form::OnPremisesFlow => "on-premises flow",
            Form::Host => "host",
            Form::Prerequisite => "prerequisite",
        }
    }
}

impl Subnet {
    /// Whether the user said that what is open beyond the requirements is meant.
    pub fn exposure_is_waived(&self) -> bool {
        let waived = |row: &Row| row.id == crate::workloads::EXPOSURE_INTENDED && row.verdict == Standing::Waived;
        self.requirements.iter().any(waived)
    }
}

impl Workload {
    /// Name and edition.
    pub fn in_words(&self) -> String {
        match &self.edition {
            Some(edition) => format!("{} ({edition})", self.name),
            None => self.name.clone(),
        }
    }
}

impl Flow {
    /// Protocol and ports: `TCP 443`.
    pub fn service(&self) -> String {
        let protocol = match self.protocol.as_str() {
            "*" => "any protocol",
            protocol => protocol,
        };
        match self.ports.as_slice() {
            [] => protocol.to_owned(),
            ports => format!("{protocol} {}", ports.join(", ")),
        }
    }

    /// The other end, shortened where it is long.
    pub fn peer_in_words(&self) -> String {
        shortened(&self.peer)
    }
}

/// The first three, and how many more there are.
pub(super) fn shortened<T: AsRef<str>>(texts: &[T]) -> String {
    let shown: Vec<&str> = texts.iter().take(3).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(3) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A number with its noun, which takes an `s` for many.
pub(super) fn counted(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_said() {
        let refused = |text: &str| Report::from_json(text).unwrap_err().to_string();
        assert!(
            refused("{}").starts_with("it is no report: missing field `format`"),
            "{}",
            refused("{}")
        );
        assert!(refused("nothing").starts_with("it is no report: "));
        assert!(refused(r#"{"format": 1}"#).starts_with("it is no report: missing field `title`"));
        assert_eq!(
            refused(r#"{"format": 2}"#),
            "it has the format `2`, and this release reads 1: make it anew with the same release"
        );
        assert_eq!(Report::new("empty", Vec::new()), Err(Unusable::Empty));
    }
}
