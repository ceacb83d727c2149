//! `lockeddown_requirements`: the catalogue, to look things up in.

mod row;

use std::{collections::BTreeSet, sync::Arc};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use super::{configuration::Settings, expansion, region_data_source::known_cloud};
use crate::{
    regions::Cloud,
    requirements::{self, Condition, Edition, Kind, Requirement},
    workloads::{
        WORKLOADS,
        argument::{self, Argument},
        inputs::nearest,
    },
};

/// The data source.
#[derive(Debug)]
pub(super) struct RequirementsDataSource {
    settings: Arc<Settings>,
}

/// What is asked for; `None` asks for everything.
struct Query {
    system: Option<&'static str>,
    edition: Edition,
    cloud: Cloud,
    ids: BTreeSet<String>,
    kind: Option<Kind>,
    settings: Vec<(String, String)>,
}

impl RequirementsDataSource {
    /// The data source, with the provider's defaults in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> RequirementsDataSource {
        RequirementsDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for RequirementsDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_requirements".to_owned()
    }

    fn schema(&self) -> Schema {
        let systems = quoted(requirements::systems());
        let kinds = quoted(Kind::ALL.into_iter().map(Kind::as_str));
        Schema::new(
            "The catalogue: what the documents demand of the network, row by row with the place where each is written. Rules name the \
             rows behind them in `requirement_ids`; here they can be looked up. It comes with the provider: no credentials, no \
             connection.\n\nEvery argument narrows the selection; without any it is everything that the newest edition demands in the \
             public cloud.",
        )
        .attribute("system", Attribute::optional(Type::String, format!("Only rows of one system: {systems}.")))
        .attribute(
            "edition",
            Attribute::optional_computed(
                Type::String,
                "Requirements edition: only rows that hold in it. Defaults to the provider's `edition`, else the newest.",
            ),
        )
        .attribute(
            "environment",
            Attribute::optional_computed(
                Type::String,
                "Cloud, in whose words `peer` is given: `public`, `usgovernment` or `china`. Only rows that the cloud has. Defaults to the \
                 provider's, else `public`.",
            ),
        )
        .attribute(
            "ids",
            Attribute::optional(
                Type::set(Type::String),
                "Only these rows. An id that no edition has is an error; one that the other arguments leave out is a warning.",
            ),
        )
        .attribute("kind", Attribute::optional(Type::String, format!("Only rows of one kind: {kinds}.")))
        .attribute(
            "settings",
            Attribute::optional(
                Type::map(Type::String),
                "Only rows whose conditions agree with these settings, such as `{ role = \"server\" }`. A setting that a row does not \
                 speak of does not exclude it.",
            ),
        )
        .attribute(
            "requirements",
            Attribute::computed(row::ty(), format!("The rows by id.\n{}", row::DESCRIPTION)),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        // With any defaults: what is checked here does not depend on them.
        query(config, Edition::newest(), Cloud::Public, diagnostics);
    }

    async fn read(&self, mut config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let session = self.settings.session();
        expansion::refuse_undetermined(&session, &config, &["edition", "environment"], diagnostics)?;
        let edition = session.defaults.edition.unwrap_or_else(Edition::newest);
        let query = query(&config, edition, session.environment(), diagnostics)?;
        let found: Vec<_> = rows().filter(|(system, row)| query.asks_for(system, row)).collect();
        for id in query
            .ids
            .iter()
            .filter(|id| !found.iter().any(|(_, row)| row.id == **id))
        {
            let detail = format!(
                "`{id}` exists, but not in this selection: edition `{}`, cloud `{}`{}.",
                query.edition,
                query.cloud,
                held(id)
            );
            diagnostics.warning_at(Path::attribute("ids"), "Requirement left out", detail);
        }
        let found = found
            .into_iter()
            .map(|(system, row)| (row.id.clone(), row::value(system, row, query.cloud)));
        config.set_attribute("edition", query.edition.as_str().into());
        config.set_attribute("environment", query.cloud.as_str().into());
        config.set_attribute("requirements", Value::object(found));
        Some(config)
    }
}

impl Query {
    fn asks_for(&self, system: &str, row: &Requirement) -> bool {
        let in_cloud = row.peers.is_empty() || row.peer_in(self.cloud).is_some();
        let environment = ("environment".to_owned(), self.cloud.as_str().to_owned());
        self.system.is_none_or(|wanted| wanted == system)
            && row.holds_in(self.edition)
            && in_cloud
            && (self.ids.is_empty() || self.ids.contains(&row.id))
            && self.kind.is_none_or(|kind| kind == row.kind)
            && self
                .settings
                .iter()
                .chain([&environment])
                .all(|(name, setting)| row.when.get(name).is_none_or(|wanted| agrees(wanted, setting)))
    }
}

/// Whether a setting, as Terraform writes it in a map of texts, meets a condition.
fn agrees(wanted: &Condition, setting: &str) -> bool {
    match wanted {
        Condition::Bool(truth) => truth.to_string() == setting,
        Condition::Number(number) => number.to_string() == setting,
        Condition::Text(text) => text == setting,
        Condition::AnyOf(texts) => texts.iter().any(|text| text == setting),
    }
}

/// Every row with its system. A malformed file is a defect that tests keep from being released; it has no rows.
fn rows() -> impl Iterator<Item = (&'static str, &'static Requirement)> {
    requirements::systems()
        .filter_map(|system| Some((system, requirements::catalogue(system).ok()?)))
        .flat_map(|(system, catalogue)| catalogue.all().map(move |row| (system, row)))
}

fn held(id: &str) -> String {
    rows()
        .find(|(_, row)| row.id == id)
        .map_or_else(String::new, |(system, row)| {
            let until = row
                .until
                .map_or_else(String::new, |until| format!(" and before `{until}`"));
            format!("; it is a row of `{system}`, from edition `{}`{until}", row.from)
        })
}

/// What a setting can be; `None` where nothing says so.
fn possible_settings(name: &str) -> Option<Vec<String>> {
    let is_flag = |row: &Requirement| matches!(row.when.get(name), Some(Condition::Bool(_)));
    if rows().any(|(_, row)| is_flag(row)) {
        return Some(vec!["true".to_owned(), "false".to_owned()]);
    }
    // The numbers that rows speak of, and the one that stands where nobody says anything.
    let mut numbers: BTreeSet<i64> = rows()
        .filter_map(|(_, row)| match row.when.get(name) {
            Some(Condition::Number(number)) => Some(*number),
            _ => None,
        })
        .collect();
    if !numbers.is_empty() {
        let arguments = WORKLOADS.iter().flat_map(|workload| workload.all_arguments());
        numbers.extend(arguments.filter_map(|argument| match argument.default {
            argument::Default::Number(number) if argument.name == name => Some(number),
            _ => None,
        }));
        return Some(numbers.iter().map(ToString::to_string).collect());
    }
    let words = |argument: &Argument, full_name: &str| match argument.kind {
        argument::Kind::Choice(words) if full_name == name => Some(words.to_vec()),
        _ => None,
    };
    let found = WORKLOADS
        .iter()
        .flat_map(|workload| workload.all_arguments())
        .find_map(|argument| match argument.kind {
            // The catalogue writes a nested argument with an underscore: `egress_type`.
            argument::Kind::Object(nested) => nested
                .iter()
                .find_map(|inner| words(inner, &format!("{}_{}", argument.name, inner.name))),
            _ => words(argument, argument.name),
        });
    found.map(|words| words.into_iter().map(str::to_owned).collect())
}

/// Reads the arguments; `None` after an error or while one is unknown.
fn query(config: &Value, edition: Edition, cloud: Cloud, diagnostics: &mut Diagnostics) -> Option<Query> {
    let before = diagnostics.iter().count();
    let text = |name: &str| config.attribute(name).as_str();
    let mut refuse = |path: Path, summary: &str, detail: String| diagnostics.error_at(path, summary, detail);
    let system = text("system").and_then(|given| {
        let found = requirements::systems().find(|system| *system == given);
        if found.is_none() {
            let offered = quoted(requirements::systems());
            let detail = format!(
                "`{given}` is no system of the catalogue: there are {offered}.{}",
                meant(given, requirements::systems())
            );
            refuse(Path::attribute("system"), "Unknown system", detail);
        }
        found
    });
    let kind = text("kind").and_then(|given| {
        let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == given);
        if found.is_none() {
            let words = || Kind::ALL.into_iter().map(Kind::as_str);
            let detail = format!(
                "`{given}` is no kind of requirement: there are {}.{}",
                quoted(words()),
                meant(given, words())
            );
            refuse(Path::attribute("kind"), "Unknown kind", detail);
        }
        found
    });
    let edition = match text("edition").map(str::parse) {
        Some(Ok(edition)) => edition,
        Some(Err(error)) => {
            let error: requirements::EditionError = error;
            refuse(Path::attribute("edition"), "Unknown edition", format!("{error}."));
            edition
        }
        None => edition,
    };
    let ids: BTreeSet<String> = texts(config.attribute("ids"));
    for id in ids.iter().filter(|id| !rows().any(|(_, row)| row.id == **id)) {
        let detail = format!(
            "No edition of the catalogue has `{id}`.{}",
            meant(id, rows().map(|(_, row)| row.id.as_str()))
        );
        refuse(Path::attribute("ids"), "Unknown requirement", detail);
    }
    let settings = config.attribute("settings").as_map().into_iter().flatten();
    let settings: Vec<_> = settings
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let switches: BTreeSet<&str> = rows()
        .flat_map(|(_, row)| row.when.keys().map(String::as_str))
        .collect();
    for (name, _) in settings.iter().filter(|(name, _)| !switches.contains(name.as_str())) {
        let detail = format!(
            "No requirement depends on `{name}`.{}",
            meant(name, switches.iter().copied())
        );
        refuse(Path::attribute("settings").key(name), "Unknown setting", detail);
    }
    for (name, setting) in settings.iter().filter(|(name, _)| switches.contains(name.as_str())) {
        let Some(possible) = possible_settings(name) else {
            continue;
        };
        if !possible.contains(setting) {
            let words = || possible.iter().map(String::as_str);
            let detail = format!(
                "`{name}` is never `{setting}`: it is one of {}.{}",
                quoted(words()),
                meant(setting, words())
            );
            refuse(Path::attribute("settings").key(name), "Unknown choice", detail);
        }
    }
    let cloud = match text("environment") {
        Some(word) => known_cloud(word, diagnostics).unwrap_or(cloud),
        None => cloud,
    };
    (diagnostics.iter().count() == before).then_some(Query {
        system,
        edition,
        cloud,
        ids,
        kind,
        settings,
    })
}

fn texts(value: &Value) -> BTreeSet<String> {
    let elements = value.as_list().unwrap_or_default();
    elements
        .iter()
        .filter_map(|element| element.as_str().map(str::to_owned))
        .collect()
}

fn quoted<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

fn meant<'w>(given: &str, words: impl Iterator<Item = &'w str>) -> String {
    nearest(given, words).map_or_else(String::new, |near| format!(" Did you mean `{near}`?"))
}
