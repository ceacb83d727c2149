//! The catalogue: what the documents demand, as data.
//!
//! One row per requirement in `catalogue/*.toml`, written to be read in a pull request. A row says who talks to whom on which ports,
//! under which conditions and in which editions it holds, and where it is written. How it is rendered is none of its business.

mod catalogue;
mod edition;
mod row;

pub use catalogue::{Catalogue, CatalogueError, catalogue, requirement, systems};
pub use edition::{Edition, EditionError};
pub use row::{Category, Citation, Condition, Kind, Peer, Requirement, Rule, Status};
