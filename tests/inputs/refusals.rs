//! What an expansion refuses, as snapshots show it.

use std::fmt::Debug;

use lockeddown::workloads::{Outcome, Severity};

/// Every error, one after another; inputs that are accepted fail the test.
pub(crate) fn refused(inputs: &dyn Debug, outcome: &Outcome) -> String {
    assert!(
        outcome.has_errors() && outcome.expanded.is_none(),
        "{inputs:?} was accepted"
    );
    outcome
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| format!("{}: {}\n    {}\n", problem.path, problem.summary, problem.detail))
        .collect()
}
