//! The tests that were skipped: which they are, why, and whether they may be.
//!
//! A test that lacks something a machine need not have (reference data beside the repository, a tool) prints `skipped: ` and what
//! it lacks, and succeeds. That line is the whole mechanism, so that any crate can use it; but a test that quietly stops
//! testing is worse than none. Hence a test run says which tests those were, and fails on every one that is not in
//! `may-be-skipped.txt`.

use std::collections::BTreeSet;

use crate::failure::{Failure, Result};

const MAY_BE_SKIPPED: &str = include_str!("may-be-skipped.txt");
const MARK: &str = "skipped: ";

/// What the output of `cargo test -- --show-output` has said so far.
#[derive(Default)]
pub(crate) struct Report {
    /// The test program, as `cargo` named it last.
    program: String,
    /// The test whose output is being read.
    test: String,
    successes: bool,
    passed: BTreeSet<String>,
    skipped: BTreeSet<(String, String)>,
}

impl Report {
    /// Takes the next line, and says whether it is one that people should see: `--show-output` also prints what every
    /// successful test wrote, and its name a second time.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        if let Some(program) = program(line) {
            self.program = program;
        } else if line == "successes:" {
            self.successes = true;
        } else if line == "failures:" || line.starts_with("test result: ") {
            self.successes = false;
        } else if let Some(test) = line
            .strip_prefix("---- ")
            .and_then(|line| line.strip_suffix(" stdout ----"))
        {
            test.clone_into(&mut self.test);
        } else if let Some(reason) = line.strip_prefix(MARK) {
            self.skipped.insert((self.named(&self.test), reason.to_owned()));
        } else if let (true, Some(test)) = (self.successes, line.strip_prefix("    ")) {
            self.passed.insert(self.named(test));
        }
        !self.successes
    }

    fn named(&self, test: &str) -> String {
        format!("{}::{test}", self.program)
    }

    /// The tests that were skipped, one line each, with what they lack; empty if there are none.
    pub(crate) fn text(&self) -> String {
        let lines = self
            .skipped
            .iter()
            .map(|(test, reason)| format!("  {test}: {reason}\n"));
        lines.collect()
    }

    /// Fails on a test that was skipped and must not be, and on a line of the list that names no test (any more).
    pub(crate) fn check(&self) -> Result<()> {
        self.check_against(MAY_BE_SKIPPED)
    }

    fn check_against(&self, list: &str) -> Result<()> {
        let allowed: BTreeSet<&str> = list
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let skipped: BTreeSet<&str> = self.skipped.iter().map(|(test, _)| test.as_str()).collect();
        let surprising: Vec<&str> = skipped.difference(&allowed).copied().collect();
        if !surprising.is_empty() {
            return Err(Failure::new(format!(
                "Tests were skipped that must not be\n{}\nProvide what they lack, or add them to \
                 xtask/src/may-be-skipped.txt if a machine need not have it.",
                surprising.join("\n")
            )));
        }
        let unknown: Vec<&str> = allowed
            .into_iter()
            .filter(|test| !self.passed.contains(*test))
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(format!(
                "xtask/src/may-be-skipped.txt names tests that do not exist\n{}",
                unknown.join("\n")
            )))
        }
    }
}

/// The program of `Running tests/x.rs (target/debug/deps/x-0123456789abcdef)`, without the hash; that of
/// `Doc-tests lockeddown` is the line itself.
fn program(line: &str) -> Option<String> {
    let line = line.trim_start();
    if line.starts_with("Doc-tests ") {
        return Some(line.to_owned());
    }
    let path = line.strip_prefix("Running ")?.rsplit_once(" (")?.1.strip_suffix(')')?;
    let file = path.rsplit(['/', '\\']).next()?;
    Some(file.rsplit_once('-')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
     Running tests/service_tags/main.rs (target/debug/deps/service_tags-0c6d51)

running 3 tests
test prefixes::collapse ... ok
test publications::counted ... ok
test publications::collapsed ... ok

successes:

---- publications::counted stdout ----
a word on the way
skipped: there is no publication

---- prefixes::collapse stdout ----
was nearly skipped: no


successes:
    prefixes::collapse
    publications::collapsed
    publications::counted

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    fn report() -> (Report, Vec<&'static str>) {
        let mut report = Report::default();
        let shown = OUTPUT.lines().filter(|line| report.read(line)).collect();
        (report, shown)
    }

    #[test]
    fn a_skipped_test_is_told_by_name_and_reason() {
        let (report, shown) = report();
        assert_eq!(
            report.text(),
            "  service_tags::publications::counted: there is no publication\n"
        );
        let shown = shown.join("\n");
        assert!(shown.contains("test publications::counted ... ok") && shown.contains("3 passed"));
        assert!(!shown.contains("a word on the way") && !shown.contains("successes"));
    }

    #[test]
    fn a_skipped_test_must_be_in_the_list() {
        let (report, _) = report();
        let error = report.check_against("# none").map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("\nservice_tags::publications::counted\n")),);
        assert!(report.check_against("service_tags::publications::counted").is_ok());
        // It may be skipped, it does not have to be.
        let list = "service_tags::publications::counted\nservice_tags::publications::collapsed";
        assert!(report.check_against(list).is_ok());
    }

    #[test]
    fn the_list_names_only_tests_that_exist() {
        let (report, _) = report();
        let list = "service_tags::publications::counted\nservice_tags::publications::renamed";
        let error = report.check_against(list).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("service_tags::publications::renamed")));
    }
}
