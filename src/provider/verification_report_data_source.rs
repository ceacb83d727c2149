//! `lockeddown_verification_report`: what was proven of one or several subnets, in the forms that people and programs read.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use crate::report::{
    markdown, mermaid,
    model::{Report, Unusable},
    page, sarif,
};

const REPORTS: &str = "reports";
const DEFAULT_TITLE: &str = "Verification report";

/// The data source.
#[derive(Debug)]
pub(super) struct VerificationReportDataSource;

#[async_trait::async_trait]
impl DataSource for VerificationReportDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_verification_report".to_owned()
    }

    fn schema(&self) -> Schema {
        let output = |description: &str| Attribute::computed(Type::String, description);
        Schema::new(
            "A report of one or several subnets for auditors, reviewers and code scanning: every requirement with its source, what it became \
             and whether it is proven, what is waived and why, what is open beyond the requirements. No credentials, no connection.\n\nThe \
             same verifications give the same bytes: there is no time in it, and everything is sorted.",
        )
        .attribute(
            REPORTS,
            Attribute::required(
                Type::list(Type::String),
                "The outputs `report_json` of `lockeddown_verification`, or `json` of other reports. Each subnet has a name of its own.",
            ),
        )
        .attribute(
            "title",
            Attribute::optional(Type::String, "What people call it. Defaults to `Verification report`."),
        )
        .attribute(
            "source_uri",
            Attribute::optional(
                Type::String,
                "The file, relative to the root of the repository, where a code scanner shows findings of subnets whose verification has no \
                 `source_uri`. Defaults to `main.tf`.",
            ),
        )
        .attribute("verdict", output("The worst of all subnets: `proven`, `depends_on` or `refuted`."))
        .attribute(
            "markdown",
            output("The report in GitHub's Markdown: the requirement matrix of each subnet and the diagram."),
        )
        .attribute("mermaid", output("The diagram alone: subnets and allowed flows as a Mermaid flowchart."))
        .attribute("json", output("All subnets in the same stable format as `report_json`."))
        .attribute("sarif", output("What is wrong, as SARIF 2.1.0 for code scanning."))
        .attribute(
            "html",
            output("The report as one page without scripts and requests: matrix, diagrams, exposure; for a browser or for paper."),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        if config.attribute(REPORTS).is_wholly_known() {
            joined(config, diagnostics);
        }
    }

    async fn read(&self, mut config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let report = joined(&config, diagnostics)?;
        let sarif = sarif::render(&report, config.attribute("source_uri").as_str());
        config.set_attribute("verdict", report.verdict.as_str().into());
        config.set_attribute("markdown", markdown::render(&report).into());
        config.set_attribute("mermaid", mermaid::render(&report).into());
        config.set_attribute("json", report.to_json().into());
        config.set_attribute("sarif", sarif.into());
        config.set_attribute("html", page::render(&report).into());
        Some(config)
    }
}

/// One report of all, or what is wrong with which of them.
fn joined(config: &Value, diagnostics: &mut Diagnostics) -> Option<Report> {
    let mut subnets = Vec::new();
    let given = config.attribute(REPORTS).as_list().unwrap_or_default();
    for (index, value) in given.iter().enumerate() {
        match Report::from_json(value.as_str().unwrap_or_default()) {
            Ok(report) => subnets.extend(report.subnets),
            Err(error) => refuse(Path::attribute(REPORTS).index(index), &error, diagnostics),
        }
    }
    if diagnostics.has_errors() {
        return None;
    }
    let title = config.attribute("title").as_str().unwrap_or(DEFAULT_TITLE);
    match Report::new(title, subnets) {
        Ok(report) => Some(report),
        Err(error) => {
            refuse(Path::attribute(REPORTS), &error, diagnostics);
            None
        }
    }
}

fn refuse(path: Path, error: &Unusable, diagnostics: &mut Diagnostics) {
    diagnostics.error_at(
        path,
        "Cannot be reported",
        format!("A report cannot be made of this: {error}."),
    );
}
