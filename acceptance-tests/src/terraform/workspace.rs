//! A working directory with the provider under test, and the commands in it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use super::diagnostics::{Diagnostic, unwrapped};
use super::{Plan, State, Terraform, binaries, fail};

/// Commands that can print their diagnostics as JSON.
const SPEAK_JSON: [&str; 5] = ["plan", "apply", "destroy", "refresh", "validate"];
const PLAN_FILE: &str = "plan.tfplan";
/// How `plan -json` says that an object is not as the state has it, which alone is no change for the exit code.
const DRIFT: &str = r#""type":"resource_drift""#;

/// A working directory of its own, an environment of its own, and the provider under test as `lockeddown/lockeddown`.
/// Everything goes away when it is dropped.
///
/// Methods fail the test with Terraform's complete output unless the command succeeds; [`expect_error`](Self::expect_error)
/// demands the opposite. Workspaces share nothing, so tests can run side by side.
pub struct Workspace {
    directory: Arc<TempDir>,
    terraform: Terraform,
    environment: BTreeMap<String, OsString>,
    leftovers: Option<Box<dyn Fn() -> Vec<String> + Send>>,
}

/// What one Terraform command did.
#[derive(Debug)]
pub struct Outcome {
    arguments: String,
    /// Whether the exit code was 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Workspace {
    /// A workspace for the Terraform version of this test run.
    #[track_caller]
    pub fn new() -> Self {
        Self::with(Terraform::under_test())
    }

    /// A workspace for a given Terraform.
    #[track_caller]
    pub fn with(terraform: Terraform) -> Self {
        let directory = match TempDir::with_prefix("lockeddown-") {
            Ok(directory) => directory,
            Err(error) => fail(format!("No temporary directory: {error}")),
        };
        let provider = binaries::directory().unwrap_or_else(|error| fail(error));
        let workspace = Self {
            directory: Arc::new(directory),
            terraform,
            environment: BTreeMap::new(),
            leftovers: None,
        };
        workspace.write_file("cli.tfrc", &cli_configuration(&provider));
        workspace
    }

    /// Sets an environment variable for every command. The caller's own `TF_*` and `ARM_*` variables and proxies never get
    /// through.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// At the end of a test that went well, destroys everything and demands that `list` finds nothing any more.
    pub fn leaves_nothing(mut self, list: impl Fn() -> Vec<String> + Send + 'static) -> Self {
        self.leftovers = Some(Box::new(list));
        self
    }

    /// The Terraform that runs here.
    pub fn terraform(&self) -> &Terraform {
        &self.terraform
    }

    /// The working directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces `main.tf`.
    #[track_caller]
    pub fn write(&self, configuration: &str) -> &Self {
        self.write_file("main.tf", configuration)
    }

    /// Writes any file below the working directory.
    #[track_caller]
    pub fn write_file(&self, name: &str, content: &str) -> &Self {
        let path = self.path().join(name);
        let parent = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        match parent.and_then(|()| std::fs::write(&path, content)) {
            Ok(()) => self,
            Err(error) => fail(format!("`{}` cannot be written: {error}", path.display())),
        }
    }

    /// `terraform init`: needed only for a configuration with modules or other providers.
    #[track_caller]
    pub fn init(&self) {
        self.run(&["init", "-input=false"]).expect_success();
    }

    /// `terraform validate`, which must succeed. Gives the warnings.
    #[track_caller]
    pub fn validate(&self) -> Vec<Diagnostic> {
        self.run(&["validate", "-json"]).expect_success().diagnostics()
    }

    /// Plans `main.tf`.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        self.plan_with(&[])
    }

    /// Plans with options such as `-refresh=false` or `-destroy`.
    #[track_caller]
    pub fn plan_with(&self, options: &[&str]) -> Plan {
        let out = format!("-out={PLAN_FILE}");
        let arguments = [&["plan", "-json", "-input=false", &out], options].concat();
        let planned = self.run(&arguments).expect_success();
        Plan::new(self.shown_when_asked(), planned.diagnostics())
    }

    /// What Terraform says of the plan last made, read when a test asks: most plans are only applied, and reading one takes a process. The
    /// plan is kept as it is now, in a directory that lives as long.
    #[track_caller]
    fn shown_when_asked(&self) -> Box<dyn FnOnce() -> Value + Send> {
        let directory = Arc::clone(&self.directory);
        let kept = NamedTempFile::new_in(self.path()).and_then(|kept| {
            std::fs::copy(self.path().join(PLAN_FILE), kept.path())?;
            Ok(kept.into_temp_path())
        });
        let kept = kept.unwrap_or_else(|error| fail(format!("The plan cannot be kept: {error}")));
        let arguments = ["show", "-json", &kept.to_string_lossy()].map(str::to_owned);
        let mut command = self.command(&arguments.each_ref().map(String::as_str));
        Box::new(move || {
            let shown = command.stdin(Stdio::null()).output();
            drop((kept, directory));
            match shown {
                Ok(output) => parsed(Outcome::new(&arguments.each_ref().map(String::as_str), &output)),
                Err(error) => fail(format!("Terraform did not start: {error}")),
            }
        })
    }

    /// The plan last made, as Terraform prints it for people.
    #[track_caller]
    pub fn plan_text(&self) -> String {
        self.run(&["show", "-no-color", PLAN_FILE]).expect_success().stdout
    }

    /// Plans and applies `main.tf`. Gives the plan that was applied.
    #[track_caller]
    pub fn apply(&self) -> Plan {
        let plan = self.plan();
        self.run(&["apply", "-json", "-input=false", PLAN_FILE])
            .expect_success();
        plan
    }

    /// One step of a test's story: writes the configuration, applies it, and demands that it is [settled](Self::assert_settled) afterwards.
    /// Gives the plan that was applied.
    #[track_caller]
    pub fn step(&self, configuration: &str) -> Plan {
        self.write(configuration);
        let plan = self.apply();
        self.assert_settled();
        plan
    }

    /// Demands that everything is as the state has it, and that the plan is empty. A plan without a refresh is then empty too. Tests do this
    /// most of all, so that Terraform's exit code and its words on drift are asked before the plan itself, which it takes another process
    /// to read.
    #[track_caller]
    pub fn assert_settled(&self) {
        let planned = self.run(&["plan", "-json", "-input=false", "-detailed-exitcode"]);
        if !planned.success || planned.stdout.contains(DRIFT) {
            self.plan().assert_empty();
            fail(format!("The plan was not empty, and is now.\n{planned}"));
        }
    }

    /// `terraform import`.
    #[track_caller]
    pub fn import(&self, address: &str, id: &str) {
        self.run(&["import", "-no-color", "-input=false", address, id])
            .expect_success();
    }

    /// Destroys everything in the state.
    #[track_caller]
    pub fn destroy(&self) {
        self.run(&["destroy", "-json", "-auto-approve", "-input=false"])
            .expect_success();
    }

    /// The state.
    #[track_caller]
    pub fn state(&self) -> State {
        State::new(self.show(&[]))
    }

    /// The values of the root module's outputs, by name.
    #[track_caller]
    pub fn outputs(&self) -> BTreeMap<String, Value> {
        let Value::Object(outputs) = self.parsed(&["output", "-json"]) else {
            return BTreeMap::new();
        };
        (outputs.into_iter())
            .map(|(name, output)| (name, output.get("value").cloned().unwrap_or_default()))
            .collect()
    }

    /// Runs a command that must fail, such as `&["apply"]`, and gives its errors as one text, fit for a snapshot.
    #[track_caller]
    pub fn expect_error(&self, arguments: &[&str]) -> String {
        let command = arguments.first().copied().unwrap_or_default();
        let mut arguments = arguments.to_vec();
        if SPEAK_JSON.contains(&command) {
            arguments.insert(1, "-json");
        }
        if ["apply", "destroy"].contains(&command) && !arguments.contains(&PLAN_FILE) {
            arguments.insert(1, "-auto-approve");
        }
        let outcome = self.run(&arguments);
        if outcome.success {
            fail(format!("An error was expected.\n{outcome}"));
        }
        outcome.errors()
    }

    /// Runs any Terraform command to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        match self.command(arguments).stdin(Stdio::null()).output() {
            Ok(output) => Outcome::new(arguments, &output),
            Err(error) => fail(format!(
                "Terraform {} did not start: {error}",
                self.terraform.version_number()
            )),
        }
    }

    /// Any Terraform command, for a test that needs the process itself (to interrupt it, say).
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.terraform.command();
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(could_change_a_result) {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.path())
            .env("TF_CLI_CONFIG_FILE", self.path().join("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            // Terraform lives for a second: it need not collect garbage every few megabytes, which takes a fifth of its time.
            .env("GOGC", "1000")
            .envs(&self.environment);
        command
    }

    #[track_caller]
    fn show(&self, what: &[&str]) -> Value {
        self.parsed(&[&["show", "-json"], what].concat())
    }

    #[track_caller]
    fn parsed(&self, arguments: &[&str]) -> Value {
        parsed(self.run(arguments))
    }
}

/// What a command answered in JSON.
#[track_caller]
fn parsed(outcome: Outcome) -> Value {
    let outcome = outcome.expect_success();
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| fail(format!("Not JSON: {error}\n{outcome}")))
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let Some(leftovers) = self.leftovers.take() else { return };
        if std::thread::panicking() {
            return;
        }
        self.destroy();
        let found = leftovers();
        if !found.is_empty() {
            fail(format!("Destroyed, but still there: {found:#?}"));
        }
    }
}

impl Outcome {
    fn new(arguments: &[&str], output: &Output) -> Self {
        Self {
            arguments: arguments.join(" "),
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test with the complete output unless the command succeeded.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        if self.success { self } else { fail(self) }
    }

    /// The errors and warnings of a command that ran with `-json`.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        Diagnostic::from_output(&self.stdout)
    }

    /// The errors as one text: from the JSON output where there is one, else standard error, unwrapped.
    pub fn errors(&self) -> String {
        let errors: Vec<_> = self
            .diagnostics()
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .map(ToString::to_string)
            .collect();
        if errors.is_empty() {
            unwrapped(&self.stderr)
        } else {
            errors.join("\n\n")
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.success { "succeeded" } else { "failed" };
        writeln!(f, "`terraform {}` {result}.", self.arguments)?;
        for diagnostic in self.diagnostics() {
            writeln!(f, "\n{diagnostic}")?;
        }
        write!(
            f,
            "\n--- standard output\n{}\n--- standard error\n{}",
            self.stdout, self.stderr
        )
    }
}

/// Variables that configure Terraform, the provider, or the way to the emulator, also those of the pipeline the tests run in.
fn could_change_a_result(variable: &str) -> bool {
    let prefixes = [
        "TF_",
        "TFC_",
        "ARM_",
        "AZURE_",
        "ACTIONS_ID_TOKEN_",
        "SYSTEM_",
        "IDENTITY_",
    ];
    prefixes.iter().any(|prefix| variable.starts_with(prefix)) || variable.to_ascii_uppercase().ends_with("_PROXY")
}

/// `dev_overrides` hand Terraform a freshly built provider without `init`, version or checksum. The empty mirror keeps
/// Terraform from asking any registry for other providers.
fn cli_configuration(provider: &Path) -> String {
    let provider = quoted(provider);
    let nowhere = quoted(&PathBuf::from("mirror"));
    format!(
        "disable_checkpoint = true\n\
         provider_installation {{\n\
         \x20 dev_overrides {{ \"lockeddown/lockeddown\" = {provider} }}\n\
         \x20 filesystem_mirror {{ path = {nowhere} }}\n\
         }}\n"
    )
}

/// A path as an HCL string.
fn quoted(path: &Path) -> String {
    Value::String(path.display().to_string()).to_string()
}
