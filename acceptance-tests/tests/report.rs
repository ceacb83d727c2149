//! The report as users get it: from a real Terraform, held against its schema, shown by a browser, read by the programs it is for.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where, and one that is skipped should say so"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use acceptance_tests::{
    python_client,
    terraform::{Workspace, binaries},
};
use serde_json::Value;

/// Set by `cargo xtask test --full`.
const FULL_VARIABLE: &str = "LOCKEDDOWN_FULL";

/// Configurations whose reports have every word: proven, waived, refuted, dependent.
const REFUTED: &str = r#"
data "lockeddown_verification" "by_hand" {
  name     = "by hand"
  policies = [data.lockeddown_cyclecloud_subnet.server.policy]
  security_rules = {
    Mail = {
      priority                   = 100
      direction                  = "Outbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = "25"
      destination_address_prefix = "Internet"
    }
    Vaults = {
      priority                   = 110
      direction                  = "Outbound"
      access                     = "Deny"
      protocol                   = "*"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = "*"
      destination_address_prefix = "AzureKeyVault"
    }
  }
  forbidden_flows = {
    mail = { peer = "Internet", port = "25" }
  }
}

data "lockeddown_verification_report" "all" {
  reports = concat([data.lockeddown_verification_report.zone.json], [data.lockeddown_verification.by_hand.report_json])
}

output "all" {
  value = data.lockeddown_verification_report.all
}
"#;

/// A workspace in which the example and the refuted subnet are applied, and what came out.
fn reported() -> (Workspace, Value) {
    let workspace = Workspace::new();
    workspace.write_file(
        "providers.tf",
        "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
    );
    let example = binaries::repository().join("examples/data-sources/lockeddown_verification_report/data-source.tf");
    workspace.step(&format!("{}{REFUTED}", fs::read_to_string(example).unwrap()));
    let all = workspace.outputs().remove("all").unwrap();
    (workspace, all)
}

/// Writes a form of the report into the workspace.
fn written(workspace: &Workspace, report: &Value, form: &str, name: &str) -> PathBuf {
    workspace.write_file(name, report[form].as_str().unwrap());
    workspace.path().join(name)
}

fn held_against(schema: &Path, document: &Path) -> Output {
    Command::new(python_client::install().unwrap())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/valid.py"))
        .args([schema, document])
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

#[test]
fn a_report_is_made_at_plan_and_its_json_is_as_the_schema_says() {
    let (workspace, report) = reported();
    assert_eq!(report["verdict"], "refuted");
    let schema = binaries::repository().join("docs/verification-report.schema.json");
    let json = written(&workspace, &report, "json", "report.json");
    let output = held_against(&schema, &json);
    assert!(output.status.success(), "{}", said(&output));

    let parsed: Value = serde_json::from_str(report["json"].as_str().unwrap()).unwrap();
    let names: Vec<&str> = parsed["subnets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subnet| subnet["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["by hand", "cyclecloud-node", "cyclecloud-server"]);
    // The schema sees what is none.
    for (broken, by) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"verdict\": \"refuted\"", "\"verdict\": \"surely\""),
        ("\"key\": ", "\"stranger\": "),
        ("\"environment\": \"public\"", "\"environment\": null"),
    ] {
        let text = report["json"].as_str().unwrap().replacen(broken, by, 1);
        workspace.write_file("broken.json", &text);
        let output = held_against(&schema, &workspace.path().join("broken.json"));
        assert!(!output.status.success(), "{broken} is not missed");
    }
}

/// Chromium without a screen, that may reach nobody.
fn chromium() -> Option<Command> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            let version = Command::new(name).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        })?;
    let mut command = Command::new(found);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--proxy-server=127.0.0.1:9",
        "--enable-logging=stderr",
        "--log-level=0",
    ]);
    Some(command)
}

#[test]
fn a_browser_shows_the_page_and_has_nothing_to_complain_of() {
    let Some(mut command) = chromium() else {
        println!("skipped: there is no Chromium");
        return;
    };
    let (workspace, report) = reported();
    let page = written(&workspace, &report, "html", "report.html");
    let profile = workspace.path().join("profile");
    let output = command
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--dump-dom", &format!("file://{}", page.display())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints: String = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.contains(":CONSOLE"))
        .collect();
    assert_eq!(complaints, "");
    // The browser's tree is the file: nothing was moved, dropped or closed for us.
    let tags = |text: &str| {
        text.split('<')
            .skip(1)
            .filter(|tag| !tag.starts_with(['!', '/']))
            .count()
    };
    assert_eq!(tags(&shown), tags(report["html"].as_str().unwrap()), "{shown}");
    for text in [
        "<html lang=\"en\">",
        "Metrics stay in the plant's own monitoring.",
        "Forbidden flows of by hand",
        "<th scope=\"row\"><code>CC-SERVER-STORAGE</code></th>",
    ] {
        assert!(shown.contains(text), "{text}\n{shown}");
    }
}

/// Installs packages of npm below the build directory; `None` where there is no npm.
fn npm(folder: &str, packages: &[&str]) -> Option<PathBuf> {
    if std::env::var_os(FULL_VARIABLE).is_none() {
        println!("skipped: only `cargo xtask test --full` installs {folder}");
        return None;
    }
    if Command::new("npm").arg("--version").output().is_err() {
        println!("skipped: there is no npm");
        return None;
    }
    let home = binaries::target_directory().unwrap().join(folder);
    fs::create_dir_all(&home).unwrap();
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(&home)
        .args(packages)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    Some(home)
}

#[test]
fn mermaid_reads_the_diagram() {
    let Some(home) = npm("mermaid-parser", &["mermaid@11", "jsdom@24"]) else {
        return;
    };
    fs::write(
        home.join("parse.mjs"),
        "import { JSDOM } from 'jsdom';\nimport { readFileSync } from 'node:fs';\nconst { window } = new JSDOM('');\nglobalThis.window = \
         window;\nglobalThis.document = window.document;\nconst mermaid = (await import('mermaid')).default;\nconsole.log((await \
         mermaid.parse(readFileSync(process.argv[2], 'utf8'))).diagramType);\n",
    )
    .unwrap();
    let (workspace, report) = reported();
    let parse = |path: PathBuf| {
        let mut command = Command::new("node");
        command.arg(home.join("parse.mjs")).arg(path).output().unwrap()
    };
    let output = parse(written(&workspace, &report, "mermaid", "report.mmd"));
    assert!(said(&output).starts_with("flowchart"), "{}", said(&output));
    workspace.write_file(
        "broken.mmd",
        &report["mermaid"].as_str().unwrap().replacen("\"]", "]", 1),
    );
    assert!(!parse(workspace.path().join("broken.mmd")).status.success());
}

#[test]
fn microsofts_validator_has_no_error_for_the_sarif() {
    let Some(home) = npm("sarif-multitool", &["@microsoft/sarif-multitool-linux@5.7.0"]) else {
        return;
    };
    let package = home.join("node_modules/@microsoft/sarif-multitool-linux");
    let (workspace, report) = reported();
    let sarif = written(&workspace, &report, "sarif", "report.sarif");
    // The schema that comes with it, by a validator that is not its own.
    let output = held_against(&package.join("sarif-2.1.0.json"), &sarif);
    assert!(output.status.success(), "{}", said(&output));

    let findings = workspace.path().join("findings.sarif");
    let output = Command::new("sh")
        .args(["-c", "chmod +x \"$0\" && exec \"$0\" \"$@\""])
        .arg(package.join("Sarif.Multitool"))
        .arg("validate")
        .arg(&sarif)
        .args(["--rule-kind", "Sarif;Gh", "--log", "ForceOverwrite", "--output"])
        .arg(&findings)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()
        .unwrap();
    let text = fs::read_to_string(&findings).unwrap_or_else(|error| unreachable!("{error}: {}", said(&output)));
    let log: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    let errors: Vec<&Value> = results.iter().filter(|result| result["level"] == "error").collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
