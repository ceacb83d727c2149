//! What is wrong with the inputs of a workload, or worth knowing about them.

use std::cell::RefCell;

use tfplugin_rs::value::Path;

/// How serious a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no policy.
    Error,
    /// There is a policy; the user should know.
    Warning,
}

/// One finding, at the argument it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// The argument.
    pub path: Path,
    /// A few words.
    pub summary: String,
    /// The offending value, the reason with its requirement, and the remedy.
    pub detail: String,
}

/// An expansion cannot go on: something that decides which rules there are is not known yet, or an error was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Where an expansion leaves its findings.
#[derive(Debug, Default)]
pub struct Findings {
    problems: RefCell<Vec<Problem>>,
    unknown: RefCell<Vec<Path>>,
}

impl Findings {
    /// Reports an error.
    pub fn error(&self, path: Path, summary: &str, detail: impl Into<String>) -> Stop {
        self.add(Severity::Error, path, summary, detail.into());
        Stop
    }

    /// Reports a warning.
    pub fn warning(&self, path: Path, summary: &str, detail: impl Into<String>) {
        self.add(Severity::Warning, path, summary, detail.into());
    }

    /// Notes an input that is not known yet and decides which rules there are.
    pub fn not_known_yet(&self, path: Path) -> Stop {
        self.unknown.borrow_mut().push(path);
        Stop
    }

    /// The warnings so far, in words.
    pub fn warnings(&self) -> Vec<String> {
        let problems = self.problems.borrow();
        let warnings = problems.iter().filter(|problem| problem.severity == Severity::Warning);
        warnings.map(|problem| problem.detail.clone()).collect()
    }

    /// Whether an error was reported.
    pub fn has_errors(&self) -> bool {
        self.problems
            .borrow()
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// The findings, and the inputs that were not known yet.
    pub fn into_parts(self) -> (Vec<Problem>, Vec<Path>) {
        (self.problems.into_inner(), self.unknown.into_inner())
    }

    fn add(&self, severity: Severity, path: Path, summary: &str, detail: String) {
        let problem = Problem {
            severity,
            path,
            summary: summary.to_owned(),
            detail,
        };
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}
