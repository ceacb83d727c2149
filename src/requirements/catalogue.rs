//! Reading the catalogue, once per process and only when something asks for it: most starts of the provider only send a schema.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{Edition, Requirement};

/// The requirements of one system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(default, rename = "requirement")]
    requirements: Vec<Requirement>,
}

/// The catalogue cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// No such system.
    #[error("the catalogue has no system `{0}`")]
    UnknownSystem(String),
    /// A row is malformed; a test keeps this from being released.
    #[error("the catalogue of `{system}` is malformed: {reason}")]
    Malformed {
        /// The system.
        system: String,
        /// What the parser says.
        reason: String,
    },
}

struct Source {
    system: &'static str,
    text: &'static str,
    parsed: OnceLock<Result<Catalogue, CatalogueError>>,
}

static SOURCES: [Source; 1] =
    [Source { system: "cyclecloud", text: include_str!("catalogue/cyclecloud.toml"), parsed: OnceLock::new() }];

/// The requirements of a system (`cyclecloud`).
pub fn catalogue(system: &str) -> Result<&'static Catalogue, CatalogueError> {
    let source = SOURCES.iter().find(|source| source.system == system);
    let source = source.ok_or_else(|| CatalogueError::UnknownSystem(system.to_owned()))?;
    let parsed = source.parsed.get_or_init(|| {
        toml::from_str(source.text).map_err(|error| CatalogueError::Malformed {
            system: source.system.to_owned(),
            reason: error.to_string(),
        })
    });
    parsed.as_ref().map_err(CatalogueError::clone)
}

/// The systems of the catalogue.
pub fn systems() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.system)
}

impl Catalogue {
    /// Every row, of every edition, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// The rows an edition has.
    pub fn of_edition(&self, edition: Edition) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(move |requirement| requirement.holds_in(edition))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        network::{PortRange, Priority, Protocol, RuleName, ServiceEndpoint, ServiceTag},
        requirements::Kind,
    };

    fn every_row() -> Vec<&'static Requirement> {
        SOURCES.iter().flat_map(|source| catalogue(source.system).unwrap().all()).collect()
    }

    #[test]
    fn ids_are_unique_and_short_enough_for_a_rules_description() {
        let mut seen = BTreeSet::new();
        for row in every_row() {
            assert!(seen.insert(&row.id), "{} stands twice", row.id);
            assert!(row.id.len() <= 40, "{} is too long", row.id);
            let spelled = row.id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
            assert!(spelled, "{}", row.id);
        }
    }

    #[test]
    fn what_rows_say_is_what_azure_accepts() {
        for row in every_row() {
            for peer in row.peer.iter().chain(row.peers.values()) {
                for tag in peer.service_tag.iter().chain(&peer.covered_by) {
                    tag.parse::<ServiceTag>().unwrap_or_else(|error| panic!("{}: {error}", row.id));
                }
                for name in &peer.service_endpoint {
                    assert!(ServiceEndpoint::from_name(name).is_some(), "{}: {name}", row.id);
                }
            }
            for ports in &row.ports {
                ports.parse::<PortRange>().unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
            for protocol in &row.protocol {
                protocol.parse::<Protocol>().unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
            for rule in &row.rule {
                rule.name.parse::<RuleName>().unwrap_or_else(|error| panic!("{}: {error}", row.id));
                Priority::try_from(rule.priority).unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
        }
    }

    #[test]
    fn a_row_has_what_its_kind_needs() {
        for row in every_row() {
            let peers = || row.peer.iter().chain(row.peers.values());
            match row.kind {
                Kind::Flow | Kind::Deny => {
                    assert!(row.rule.is_some() && row.protocol.is_some() && row.initiator.is_some(), "{}", row.id);
                }
                Kind::Host => assert!(peers().all(|peer| peer.host.is_some()), "{}", row.id),
                Kind::ServiceEndpoint => assert!(peers().all(|peer| peer.service_endpoint.is_some()), "{}", row.id),
                Kind::Prerequisite => assert!(row.remedy.is_some(), "{}", row.id),
            }
            assert!(row.until.is_none_or(|until| row.from < until), "{}: empty range of editions", row.id);
            assert_eq!(row.until.is_some(), row.replaced_by.is_some(), "{}: until goes with replaced_by", row.id);
        }
    }

    #[test]
    fn an_unknown_system_is_an_error() {
        assert_eq!(catalogue("x").unwrap_err(), CatalogueError::UnknownSystem("x".into()));
    }
}
