//! The table of what can be configured.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, sync::LazyLock};

use serde::Deserialize;

/// Paths such as `egress.type` and expressions.
pub(crate) type Arguments = BTreeMap<String, String>;

/// Set by `cargo xtask test --full`.
const FULL_VARIABLE: &str = "LOCKEDDOWN_FULL";

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/subjects");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let subjects: BTreeMap<String, Vec<Subject>> = toml::from_str(&read("subjects.toml")).unwrap();
    Table {
        subjects: subjects.into_values().flatten().collect(),
        shared: toml::from_str(&read("shared.toml")).unwrap(),
    }
});

struct Table {
    subjects: Vec<Subject>,
    shared: BTreeMap<String, Vec<Choice>>,
}

/// A resource in one of its roles.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subject {
    pub(crate) label: String,
    /// Without the provider's prefix.
    pub(crate) resource: String,
    required: String,
    pub(crate) complete: String,
    /// Names of shared choices.
    choices: Vec<String>,
    #[serde(default)]
    choice: Vec<Choice>,
}

/// Some arguments that are tried, and what the configuration has besides.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    pub(crate) tried: String,
    #[serde(default)]
    pub(crate) together: String,
    #[serde(default)]
    pub(crate) always: String,
    at: Option<Place>,
    #[serde(default)]
    pub(crate) silent: bool,
    /// What of the host's subnet stays as the resource made it, once somebody else is said to own it.
    pub(crate) hands_over: Option<String>,
}

/// Where a resource stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// In a subnet that it makes.
    Born,
    /// In a subnet of somebody else, with a group of its own.
    Attached,
    /// In a subnet of somebody else, among the rules and routes of others.
    Additive,
    /// In a rule collection group of its own.
    Policy,
    /// Among the rule collections of others.
    Collections,
}

impl Place {
    fn arguments(self) -> &'static str {
        match self {
            Place::Born => "name = \"own-#\"\nvirtual_network_id = @vnet\naddress_prefixes = [\"10.0.64.0/24\"]",
            Place::Attached => "name = \"guest-#\"\nsubnet_id = @subnet\nsubnet_address_prefixes = [\"10.0.7.0/24\"]",
            Place::Additive => {
                "name = \"guest-#\"\nsubnet_id = @subnet\nnetwork_security_group_id = @nsg\nroute_table_id = @table\n\
                 subnet_address_prefixes = [\"10.0.7.0/24\"]"
            }
            Place::Policy => "name = \"own-#\"\nfirewall_policy_id = @policy",
            Place::Collections => "name = \"guest-#\"\nrule_collection_group_id = @rcg",
        }
    }
}

/// All of them.
pub(crate) fn subjects() -> &'static [Subject] {
    &TABLE.subjects
}

impl Subject {
    /// Where it can stand; what it makes of its own comes first.
    pub(crate) fn places(&self) -> &'static [Place] {
        match self.label.as_str() {
            "kubernetes" | "firewall rules" => &[Place::Policy, Place::Collections],
            // Azure's own subnet, which the resource makes or nobody.
            "azure bastion" => &[Place::Born],
            _ => &[Place::Born, Place::Attached, Place::Additive],
        }
    }

    /// Whether it has few choices, so that its stories are short.
    pub(crate) fn is_small(&self) -> bool {
        self.choices().len() <= 10
    }

    pub(crate) fn address(&self, number: usize) -> String {
        format!("lockeddown_{}.it_{number}", self.resource)
    }

    /// Policies instead of the arguments of a workload.
    fn is_composed(&self) -> bool {
        ["subnet", "firewall_rules"].contains(&self.resource.as_str())
    }

    /// Its arguments in a place: what is required there, and more, of which the later takes the place of the earlier.
    pub(crate) fn arguments(&self, place: Place, more: &[&str]) -> Arguments {
        let mut arguments = merged(&[&[place.arguments(), &self.required], more].concat());
        if self.is_composed() {
            // Policies say themselves what they are about.
            arguments.remove("subnet_address_prefixes");
            if arguments.contains_key("network_security_group_id") {
                let whose = if place == Place::Born {
                    "local.shared_"
                } else {
                    "local.guest_"
                };
                let policies = arguments["policies"].replace("local.", whose);
                arguments.insert("policies".to_owned(), policies);
            }
        }
        if self.label == "azure bastion" && arguments["name"] == "\"own-#\"" {
            arguments.insert("name".to_owned(), "\"AzureBastionSubnet\"".to_owned());
            arguments.insert("network_security_group_name".to_owned(), "\"nsg-bastion-#\"".to_owned());
        }
        arguments
    }

    /// Every choice and its place: its own, and those it shares.
    pub(crate) fn choices(&self) -> Vec<(Place, Choice)> {
        let shared = self.choices.iter().flat_map(|name| &TABLE.shared[name]);
        self.choice
            .iter()
            .chain(shared)
            .map(|choice| (choice.at.unwrap_or(self.places()[0]), choice.clone()))
            .collect()
    }
}

/// Whether time is no matter.
pub(crate) fn is_full() -> bool {
    std::env::var_os(FULL_VARIABLE).is_some()
}

/// The same, of a story that is left out otherwise: then the run says so.
pub(crate) fn is_full_or_says_so() -> bool {
    if !is_full() {
        println!("skipped: the whole story is for the full tier");
    }
    is_full()
}

/// The arguments that a text names, in order.
pub(crate) fn lines(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(" = ").unwrap())
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .collect()
}

fn merged(texts: &[&str]) -> Arguments {
    let mut merged = Arguments::new();
    for (path, value) in texts.iter().flat_map(|text| lines(text)) {
        // A whole takes the place of its parts.
        merged.retain(|other, _| !other.starts_with(&format!("{path}.")));
        merged.insert(path, value);
    }
    merged.retain(|_, value| value != "null");
    merged
}

/// The body of a block.
pub(crate) fn body(arguments: &Arguments) -> String {
    let mut text = String::new();
    let mut objects: BTreeMap<&str, Arguments> = BTreeMap::new();
    for (path, value) in arguments {
        match path.split_once('.') {
            Some((object, rest)) => {
                objects
                    .entry(object)
                    .or_default()
                    .insert(rest.to_owned(), value.clone());
            }
            None => {
                let _ = writeln!(text, "{path} = {value}");
            }
        }
    }
    for (name, attributes) in objects {
        let _ = writeln!(text, "{name} = {{\n{}}}", body(&attributes));
    }
    text
}
