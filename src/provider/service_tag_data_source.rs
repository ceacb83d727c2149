//! `lockeddown_service_tag`: the addresses behind service tags, from Microsoft's file or from Azure.

mod discovery;
mod schema;

use std::{collections::BTreeSet, path::Path as FilePath, sync::Arc};

use ipnet::IpNet;
use serde::Deserialize;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::Schema,
    value::{Path, Value, typed},
};

use self::discovery::Discovery;
use super::{azure_readers, configuration::Settings, expansion, region_data_source::known_cloud};
use crate::{
    network::ServiceTag,
    regions::{self, Cloud, Region, UnknownLocation},
    service_tags::{self, Changes, ServiceTagFile, Tag, TagError},
};

/// Where a tag can be used by name, in the words of the file.
const NETWORK_FEATURES: [&str; 5] = ["API", "NSG", "UDR", "FW", "VSE"];

/// The words of `source`.
const FILE: &str = "file";
const API: &str = "api";

/// The data source.
#[derive(Debug)]
pub(super) struct ServiceTagDataSource {
    settings: Arc<Settings>,
    discovery: Discovery,
}

#[derive(Deserialize)]
struct Arguments {
    source: String,
    path: Option<String>,
    tags: BTreeSet<String>,
    location: Option<String>,
    environment: Option<String>,
    aggregate: bool,
    strict: bool,
    required_network_features: Option<BTreeSet<String>>,
    previous_file: Option<String>,
}

/// What `location` says.
enum Place {
    WholeCloud,
    Region(&'static Region),
    /// A region that this release does not know, by ARM's name.
    New(String),
}

impl ServiceTagDataSource {
    /// The data source, with the provider's defaults in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> ServiceTagDataSource {
        ServiceTagDataSource {
            settings,
            discovery: Discovery::default(),
        }
    }
}

#[async_trait::async_trait]
impl DataSource for ServiceTagDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_service_tag".to_owned()
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        validate(config, diagnostics);
    }

    async fn read(&self, config: Value, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let arguments: Arguments = match typed::from_value(&config) {
            Ok(arguments) => arguments,
            Err(error) => {
                diagnostics.error("Invalid configuration", format!("{error}."));
                return None;
            }
        };
        let session = self.settings.session();
        let environment = match &arguments.environment {
            Some(word) => known_cloud(word, diagnostics),
            None => {
                expansion::refuse_undetermined(&session, &config, &["environment"], diagnostics)?;
                session.defaults.environment
            }
        };
        let current = if arguments.source == API {
            refuse_another_cloud(environment, session.environment(), diagnostics)?;
            place(
                arguments.location.as_deref(),
                session.environment(),
                arguments.strict,
                diagnostics,
            )?;
            let call = azure_readers::azure_call(&config, call);
            self.discovery.ask(&config, &session, &call, diagnostics).await?
        } else {
            file(
                "path",
                arguments.path.as_deref().unwrap_or_default(),
                environment,
                diagnostics,
            )?
        };
        let computed = read(&arguments, &current, diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
        let mut state = config;
        for (name, value) in computed? {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}

/// Checks what is known of a configuration. The file may not exist yet.
fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    check_source(config, diagnostics);
    azure_readers::check_timeouts(config, diagnostics);
    for name in ["path", "previous_file"] {
        if config.attribute(name).as_str() == Some("") {
            let detail = format!("`{name}` is empty: name a service tag file.");
            diagnostics.error_at(Path::attribute(name), "No file", detail);
        }
    }
    if let Some(tags) = config.attribute("tags").as_list() {
        if tags.is_empty() {
            diagnostics.error_at(
                Path::attribute("tags"),
                "No service tags",
                "`tags` is empty: name at least one service tag.",
            );
        }
        for error in tags
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|tag| tag.parse::<ServiceTag>().err())
        {
            diagnostics.error_at(Path::attribute("tags"), "Invalid service tag", format!("{error}."));
        }
    }
    if let Some(features) = config.attribute("required_network_features").as_list() {
        let unknown = features
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| !NETWORK_FEATURES.contains(word));
        for word in unknown {
            let words = NETWORK_FEATURES.map(|word| format!("`{word}`")).join(", ");
            let detail = format!("`{word}` is no network feature of service tags; there are {words}.");
            diagnostics.error_at(
                Path::attribute("required_network_features"),
                "Unknown network feature",
                detail,
            );
        }
    }
    let environment = config.attribute("environment");
    let cloud = environment.as_str().and_then(|word| known_cloud(word, diagnostics));
    // Without `environment` the cloud is the provider's or the file's, neither of which is known here.
    let clouds = match cloud {
        Some(cloud) => vec![cloud],
        None if environment.is_null() => Cloud::ALL.to_vec(),
        None => return,
    };
    if let Some(location) = config.attribute("location").as_str()
        && !matches!(config.attribute("strict"), Value::Bool(false) | Value::Unknown(_))
        && clouds.iter().all(|cloud| regions::find(location, *cloud).is_err())
        && let Some(cloud) = clouds.first()
    {
        place(Some(location), *cloud, true, diagnostics);
    }
}

/// A file has a path, and the API none.
fn check_source(config: &Value, diagnostics: &mut Diagnostics) {
    let source = config.attribute("source");
    let path = config.attribute("path");
    match source.as_str().unwrap_or(FILE) {
        _ if source.is_unknown() => {}
        FILE if path.is_null() => {
            let detail = format!("`path` is not set: name a service tag file, or ask Azure with `source = \"{API}\"`.");
            diagnostics.error_at(Path::attribute("path"), "No file", detail);
        }
        // What is not known yet may turn out to be null.
        API if path.as_str().is_some() => {
            let detail =
                format!("`path` is set, but with `source = \"{API}\"` no file is read. Leave one of them out.");
            diagnostics.error_at(Path::attribute("path"), "A file that is not read", detail);
        }
        FILE | API => {}
        other => {
            let detail = format!("`source` is `{other}`; there are `{FILE}` and `{API}`.");
            diagnostics.error_at(Path::attribute("source"), "Unknown source", detail);
        }
    }
}

/// The API answers for the cloud that the provider is connected to.
fn refuse_another_cloud(wanted: Option<Cloud>, connected: Cloud, diagnostics: &mut Diagnostics) -> Option<()> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != connected) else {
        return Some(());
    };
    let detail = format!(
        "`environment` is `{wanted}`, but the provider is configured for `{connected}`, which answers for its own tags only. Leave the argument \
         out, use a provider configured for `{wanted}`, or read the file of `{wanted}`."
    );
    diagnostics.error_at(
        Path::attribute("environment"),
        "Another cloud than the provider's",
        detail,
    );
    None
}

fn place(location: Option<&str>, cloud: Cloud, strict: bool, diagnostics: &mut Diagnostics) -> Option<Place> {
    let Some(location) = location else {
        return Some(Place::WholeCloud);
    };
    let detail = match regions::find(location, cloud) {
        Ok(region) => return Some(Place::Region(region)),
        Err(error @ UnknownLocation::Elsewhere { .. }) => {
            format!("{error}. Name the file of its cloud, or another location.")
        }
        Err(UnknownLocation::Nowhere { .. }) if !strict => {
            return Some(Place::New(regions::normalize_location(location)));
        }
        Err(error @ UnknownLocation::Nowhere { .. }) => {
            format!("{error} If Azure has it and this release does not know it yet, set `strict = false`.")
        }
    };
    diagnostics.error_at(Path::attribute("location"), "Unknown location", detail);
    None
}

fn file(
    attribute: &str,
    path: &str,
    environment: Option<Cloud>,
    diagnostics: &mut Diagnostics,
) -> Option<Arc<ServiceTagFile>> {
    let at = Path::attribute(attribute);
    match service_tags::file(FilePath::new(path)) {
        Ok(file) if environment.is_none_or(|cloud| cloud == file.cloud()) => Some(file),
        Ok(file) => {
            let wanted = environment.unwrap_or(file.cloud());
            let detail = format!(
                "`{path}` is the file of the cloud `{}`, but `{wanted}` is asked for. Download the file of `{wanted}`, or set \
                 `environment = \"{}\"`.",
                file.cloud(),
                file.cloud()
            );
            diagnostics.error_at(at, "File of another cloud", detail);
            None
        }
        Err(error) => {
            let remedy = "Download the file of your cloud from Microsoft's \"Azure IP Ranges and Service Tags\" pages. A relative path \
                          starts where Terraform runs: begin it with `${path.module}/`.";
            diagnostics.error_at(
                at,
                "No service tag file",
                format!("{} {remedy}", sentence(&error.to_string())),
            );
            None
        }
    }
}

type Computed = Vec<(&'static str, Value)>;

fn read(arguments: &Arguments, current: &Arc<ServiceTagFile>, diagnostics: &mut Diagnostics) -> Option<Computed> {
    let previous = match &arguments.previous_file {
        Some(path) => Some(file("previous_file", path, Some(current.cloud()), diagnostics)?),
        None => None,
    };
    if let Some(previous) = &previous
        && previous.change_number() > current.change_number()
    {
        let (earlier, later) = (current.change_number(), previous.change_number());
        let detail = format!(
            "`previous_file` is change {later} and what is read is change {earlier}: `added` and `removed` tell how to go back. Exchange \
             the two if that is not what you want."
        );
        diagnostics.warning_at(
            Path::attribute("previous_file"),
            "The previous file is the newer one",
            detail,
        );
    }
    let place = place(
        arguments.location.as_deref(),
        current.cloud(),
        arguments.strict,
        diagnostics,
    )?;
    let listed = |prefixes: &[IpNet]| match arguments.aggregate {
        true => service_tags::aggregate(prefixes),
        false => service_tags::in_order(prefixes),
    };

    let mut all: Vec<IpNet> = Vec::new();
    let mut by_tag: Vec<(&str, Value)> = Vec::new();
    let mut changed: Vec<(&str, Changes)> = Vec::new();
    for name in &arguments.tags {
        let tag = find(current, name, &place, arguments, diagnostics);
        let prefixes = listed(&prefixes(tag, diagnostics));
        if let Some(tag) = tag {
            warn_of_missing_features(tag, arguments, diagnostics);
        }
        if let Some(previous) = &previous {
            // What an earlier file does not have is new.
            let before = previous.tag(tag.map_or(name, |tag| tag.name()), None).ok();
            changed.push((
                name,
                service_tags::changes(&listed(&self::prefixes(before, diagnostics)), &prefixes),
            ));
        }
        by_tag.push((name, described(tag, &prefixes)));
        all.extend(prefixes);
    }

    let (ipv4, ipv6) = families(&listed(&all));
    let changes_of = |part: fn(&Changes) -> &[IpNet]| {
        let entries = changed.iter().filter(|(_, changes)| !part(changes).is_empty());
        previous
            .as_ref()
            .map(|_| Value::object(entries.map(|(name, changes)| (*name, texts(part(changes))))))
    };
    let change_number = |file: &Arc<ServiceTagFile>| i64::try_from(file.change_number()).ok();
    Some(vec![
        ("change_number", change_number(current).into()),
        (
            "previous_change_number",
            previous.as_ref().and_then(change_number).into(),
        ),
        ("cloud", current.cloud().as_str().into()),
        ("ipv4_prefixes", ipv4),
        ("ipv6_prefixes", ipv6),
        ("added", changes_of(|changes| &changes.added).into()),
        ("removed", changes_of(|changes| &changes.removed).into()),
        ("by_tag", Value::object(by_tag)),
    ])
}

/// Finds a tag, or what `strict = false` takes for it, and says so.
fn find<'f>(
    file: &'f ServiceTagFile,
    name: &str,
    place: &Place,
    arguments: &Arguments,
    diagnostics: &mut Diagnostics,
) -> Option<Tag<'f>> {
    let at = Path::attribute("tags");
    let whole_cloud = file.tag(name, None);
    let found = match (place, &whole_cloud) {
        (Place::Region(region), _) => file.tag(name, Some(region)),
        (Place::New(location), Ok(tag)) if !tag.is_regional() => {
            let regional = file.tag(&format!("{}.{location}", tag.name()), None);
            regional.map_err(|_| TagError::NotInRegion {
                tag: name.to_owned(),
                region: location.clone(),
                regional: true,
            })
        }
        (Place::WholeCloud | Place::New(_), _) => whole_cloud.clone(),
    };
    let error = match found {
        Ok(tag) => return Some(tag),
        Err(error) => error,
    };
    let regional = matches!(error, TagError::NotInRegion { .. });
    let summary = if regional {
        "No regional service tag"
    } else {
        "Unknown service tag"
    };
    let asked = arguments.source == API;
    let only_in_the_file = discovery::only_in_the_file(name, &error).filter(|_| asked);
    let said = only_in_the_file.clone().unwrap_or_else(|| sentence(&error.to_string()));
    if arguments.strict {
        let remedy = match error {
            TagError::WithoutAddresses(_) => "Take it out of `tags`.",
            _ if only_in_the_file.is_some() => {
                "Read that file with `path`, or take the tag of the whole cloud: leave out the region, or set `strict = false`."
            }
            _ if asked && !regional => "Correct the spelling; `strict = false` goes on without it.",
            _ if regional => "Leave out `location`, or set `strict = false` to take the tag of the whole cloud there.",
            _ => "If a newer file has it, download that one; `strict = false` goes on without it.",
        };
        diagnostics.error_at(at, summary, format!("{said} {remedy}"));
        return None;
    }
    let consequence = if regional {
        "The tag of the whole cloud stands in for it."
    } else {
        "It has no addresses here."
    };
    diagnostics.warning_at(at, summary, format!("{said} {consequence}"));
    whole_cloud.ok().filter(|_| regional)
}

/// Some errors end with a question of their own.
fn sentence(error: &str) -> String {
    if error.ends_with(['.', '?']) {
        error.to_owned()
    } else {
        format!("{error}.")
    }
}

fn prefixes(tag: Option<Tag<'_>>, diagnostics: &mut Diagnostics) -> Vec<IpNet> {
    match tag.map(Tag::prefixes) {
        None => Vec::new(),
        Some(Ok(prefixes)) => prefixes,
        Some(Err(error)) => {
            let detail = format!("{} Download the file again.", sentence(&error.to_string()));
            diagnostics.error_at(Path::attribute("tags"), "Invalid service tag file", detail);
            Vec::new()
        }
    }
}

fn warn_of_missing_features(tag: Tag<'_>, arguments: &Arguments, diagnostics: &mut Diagnostics) {
    let announced = tag.network_features();
    let required = arguments.required_network_features.iter().flatten();
    let missing: Vec<_> = required
        .filter(|word| !announced.contains(word))
        .map(|word| format!("`{word}`"))
        .collect();
    if !missing.is_empty() {
        let detail = format!(
            "The entry of `{}` does not announce {}. Azure may accept the tag there nevertheless: the field is descriptive.",
            tag.name(),
            missing.join(", ")
        );
        diagnostics.warning_at(
            Path::attribute("tags"),
            "Service tag without the network feature",
            detail,
        );
    }
}

fn described(tag: Option<Tag<'_>>, prefixes: &[IpNet]) -> Value {
    let (ipv4, ipv6) = families(prefixes);
    Value::object([
        ("name", tag.map(Tag::name).into()),
        ("region", tag.and_then(Tag::region).into()),
        (
            "network_features",
            Value::string_set(tag.map(Tag::network_features).unwrap_or_default()),
        ),
        ("ipv4_prefixes", ipv4),
        ("ipv6_prefixes", ipv6),
    ])
}

fn families(prefixes: &[IpNet]) -> (Value, Value) {
    let (ipv4, ipv6): (Vec<IpNet>, Vec<IpNet>) = prefixes.iter().partition(|net| matches!(net, IpNet::V4(_)));
    (texts(&ipv4), texts(&ipv6))
}

fn texts(prefixes: &[IpNet]) -> Value {
    Value::string_list(prefixes.iter().map(IpNet::to_string))
}
