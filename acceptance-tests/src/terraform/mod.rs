//! A real Terraform, driven step by step.
//!
//! ```no_run
//! use acceptance_tests::terraform::Workspace;
//!
//! let workspace = Workspace::new();
//! let plan = workspace.step(r#"resource "terraform_data" "one" { input = "first" }"#);
//! assert_eq!(plan.change("terraform_data.one").actions, ["create"]);
//! ```
//!
//! The step engine follows `terraform-plugin-testing`: a step plans, applies the plan, and then demands an *empty plan
//! without refresh* and an *empty plan with refresh*. That double check finds most mistakes a provider can make, so no test
//! has to ask for it.
//!
//! | module | gives |
//! |---|---|
//! | [`binaries`] | the programs of this repository that a test starts, built on demand |
//! | [`install`] | Terraform itself: pinned versions, or the one on `PATH` |
//! | [`workspace`] | a working directory with the provider under test, and the commands in it |
//! | [`plan`], [`state`] | what `terraform show -json` says |
//! | [`diagnostics`] | errors and warnings in one plain form, fit for snapshots |
//! | [`accidents`] | what befalls processes |

pub mod accidents;
pub mod binaries;
pub mod diagnostics;
pub mod install;
pub mod plan;
pub mod state;
pub mod workspace;

pub use accidents::kill_providers_below;
pub use diagnostics::Diagnostic;
pub use install::Terraform;
pub use plan::{Change, Plan};
pub use state::State;
pub use workspace::{Outcome, Workspace};

/// Ends the test: the one place where the harness panics.
#[track_caller]
#[expect(clippy::panic, reason = "a harness reports a failed expectation as a failed test")]
fn fail(message: impl std::fmt::Display) -> ! {
    panic!("{message}")
}
