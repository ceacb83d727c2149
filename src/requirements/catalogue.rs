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

impl Source {
    const fn new(system: &'static str, text: &'static str) -> Source {
        Source {
            system,
            text,
            parsed: OnceLock::new(),
        }
    }
}

static SOURCES: [Source; 8] = [
    Source::new("cyclecloud", include_str!("catalogue/cyclecloud.toml")),
    Source::new("aml_ingress", include_str!("catalogue/aml_ingress.toml")),
    Source::new("aml_egress", include_str!("catalogue/aml_egress.toml")),
    Source::new("aml_kubernetes", include_str!("catalogue/aml_kubernetes.toml")),
    Source::new("aml_attached", include_str!("catalogue/aml_attached.toml")),
    Source::new("aml_databricks", include_str!("catalogue/aml_databricks.toml")),
    Source::new("license", include_str!("catalogue/license.toml")),
    Source::new("shared", include_str!("catalogue/shared.toml")),
];

/// The requirements of a system: the name of a file in `catalogue/`.
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

/// The row of that id, whichever system and edition has it.
pub fn requirement(id: &str) -> Option<&'static Requirement> {
    systems()
        .filter_map(|system| catalogue(system).ok())
        .flat_map(Catalogue::all)
        .find(|row| row.id == id)
}

impl Catalogue {
    /// Every row, of every edition, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// The rows an edition has.
    pub fn of_edition(&self, edition: Edition) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(move |requirement| requirement.holds_in(edition))
    }
}

#[cfg(test)]
mod tests;
