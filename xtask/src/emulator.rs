//! The ARM emulator as a program of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::Duration;

use acceptance_tests::terraform::binaries;
use serde::Deserialize;

use crate::azure::Azure;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{interrupts, programs};

/// The program's name.
pub(crate) const PROGRAM: &str = "arm-emulator";
/// How often, and how many times, an emulator that was told to end is looked at before it is killed.
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: u32 = 100;

/// What `arm-emulator` prints when it is ready.
#[derive(Deserialize)]
pub(crate) struct Connection {
    pub(crate) endpoint: String,
    pub(crate) ca_bundle: PathBuf,
    pub(crate) tenant_id: String,
    pub(crate) subscription_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// A running emulator. It ends when this value goes, and also when this process is killed: its standard input closes.
pub(crate) struct Emulator {
    pub(crate) connection: Connection,
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Runs the emulator in the foreground.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let built = Progress::passing(1).step("building the emulator", programs::build)?;
    let mut command = Command::new(built.join(PROGRAM));
    if !arguments.iter().any(|argument| argument.starts_with("--state-dir")) {
        command.arg("--state-dir").arg(state_directory()?);
    }
    let _held = interrupts::hold()?;
    let status = command
        .args(arguments)
        .status()
        .map_err(Failure::while_doing("The emulator did not start"))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where `xtask terraform` and `xtask emulator` keep the emulator's state from one command to the next.
pub(crate) fn state_directory() -> Result<PathBuf> {
    Ok(binaries::target_directory()?.join("emulator"))
}

/// Starts the emulator, and creates what a platform team has created before: a resource group and a virtual network.
pub(crate) fn start_with_landing_zone(state: &Path) -> Result<Emulator> {
    let emulator = Emulator::start(state)?;
    Azure::connect(&emulator.connection)?.create_landing_zone()?;
    Ok(emulator)
}

impl Emulator {
    /// Starts the program, whose resources are kept in `state`, and waits for the line that says where it listens.
    pub(crate) fn start(state: &Path) -> Result<Self> {
        std::fs::create_dir_all(state)
            .map_err(Failure::while_doing(format!("`{}` cannot be made", state.display())))?;
        let mut command = Command::new(binaries::directory()?.join(PROGRAM));
        // Whoever watches a demo learns nothing from the seconds that Azure would ask to wait.
        command.arg("--state-dir").arg(state).args(["--retry-after", "0"]);
        Self::spawn(command)
    }

    /// A given build of it, which keeps nothing.
    pub(crate) fn start_in_memory(program: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            (interrupts::shield(&mut command).spawn()).map_err(Failure::while_doing("The emulator did not start"))?;

        let stdin = child.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(Failure::while_doing("The emulator said nothing"))?;
        }
        let connection = serde_json::from_str(&line)
            .map_err(|error| Failure::new(format!("The emulator did not say where it listens\n{error}: {line}")))?;
        Ok(Self {
            connection,
            child,
            stdin,
        })
    }

    /// Gives a Terraform command the provider's connection, in place of any the caller's environment has.
    pub(crate) fn configure(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("ARM_")) {
                command.env_remove(name);
            }
        }
        let Connection {
            endpoint,
            ca_bundle,
            tenant_id,
            subscription_id,
            client_id,
            client_secret,
        } = &self.connection;
        command
            .env("ARM_RESOURCE_MANAGER_ENDPOINT", endpoint)
            .env("ARM_RESOURCE_MANAGER_AUDIENCE", endpoint)
            .env("ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST", endpoint)
            .env("ARM_CA_BUNDLE", ca_bundle)
            .env("ARM_TENANT_ID", tenant_id)
            .env("ARM_SUBSCRIPTION_ID", subscription_id)
            .env("ARM_CLIENT_ID", client_id)
            .env("ARM_CLIENT_SECRET", client_secret)
            .env("NO_PROXY", without_proxy())
            .env("no_proxy", without_proxy());
    }
}

/// The caller's exceptions from their proxy, and this machine, which no proxy can reach.
fn without_proxy() -> String {
    let exceptions = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    exceptions
        .into_iter()
        .chain(["localhost,127.0.0.1".to_owned()])
        .collect::<Vec<_>>()
        .join(",")
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stdin.take());
        for _ in 0..PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
