//! Subnets planned, applied, planned again and destroyed against the emulator, beside as many `terraform_data` that hold the same state.
//!
//! The emulator's operations end at once, so that what is measured is ours, Terraform's and the emulator's own work. All subnets are in one virtual
//! network, which Azure lets be written by one at a time: the hard case.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use acceptance_tests::terraform::binaries::{self, cargo};

use super::state_store::StateStore;
use super::{REQUIREMENT, SAME_SIZE, Table, median, milliseconds};
use crate::azure::{self, Azure};
use crate::emulator::{Emulator, PROGRAM};
use crate::failure::{Failure, Result};
use crate::programs;
use crate::progress::Status;

/// What the emulator takes for a write beside its own work.
pub(super) const AT_ONCE: [&str; 4] = ["--operation-ms", "0", "--retry-after", "0"];
/// How many, and how often each is measured. A thousand take minutes.
const SIZES: [(usize, usize); 4] = [(1, 5), (100, 3), (200, 3), (1000, 1)];
/// The life of a configuration, in order.
const STEPS: [(&str, &[&str]); 4] = [
    ("plan", &["plan", "-no-color", "-input=false"]),
    ("apply", &["apply", "-no-color", "-input=false", "-auto-approve"]),
    ("plan without a change", &["plan", "-no-color", "-input=false"]),
    ("destroy", &["destroy", "-no-color", "-input=false", "-auto-approve"]),
];

/// The emulator, built for release: a slow one would be measured instead of the provider.
pub(super) fn build_emulator(status: &Status) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--release", "--package", "acceptance-tests", "--bin", PROGRAM]);
    programs::quietly(command, status)?;
    Ok(binaries::target_directory()?.join("release").join(PROGRAM))
}

/// Measures both and adds rows to the table. `state` is what one of the resources has in its state.
pub(super) fn measure(
    emulator: &Path,
    home: &Path,
    state: &str,
    command: &impl Fn(&Path) -> Command,
    status: &Status,
    table: &mut Table,
) -> Result<()> {
    let states = StateStore::start()?;
    for (size, rounds) in SIZES {
        // One of its own for each size: a list of what is there grows with every size before it.
        let running = Emulator::start_in_memory(emulator, &AT_ONCE)?;
        let platform = Azure::connect(&running.connection)?;
        platform.create_landing_zone()?;
        let network = azure::virtual_network_id(&running.connection.subscription_id);
        let ours = directory(home, &format!("subnets-{size}"), &subnets(size, &network), None)?;
        let theirs = directory(home, &format!("data-{size}"), &data(size), Some(state))?;
        let with_azure = |directory: &Path| {
            let mut command = command(directory);
            running.configure(&mut command);
            command
        };
        for place in [&ours, &theirs] {
            states.keep_state_of(place)?;
            timed(with_azure(place), &["init", "-no-color", "-input=false"])?;
        }
        let (mut subnets, mut data, mut requests) = (Vec::new(), Vec::new(), 0);
        for round in 1..=rounds {
            status.show(format!("{size} × {round}/{rounds}"));
            data.push(life(&theirs, &with_azure)?);
            let before = platform.requests()?;
            subnets.push(life(&ours, &with_azure)?);
            requests = platform.requests()? - before;
        }
        status.show("");
        for [name, value] in compared(size, &subnets, &data) {
            table.row(name, value);
        }
        table.row(
            format!("requests to Azure for each of {size}, from plan to destroy"),
            (requests / size).to_string(),
        );
    }
    Ok(())
}

/// A row for each step, and one for plan, apply and destroy together.
fn compared(size: usize, subnets: &[[Duration; 4]], data: &[[Duration; 4]]) -> Vec<[String; 2]> {
    let row = |what: &str, time: &dyn Fn(&[Duration; 4]) -> Duration| {
        let (subnets, data) = (median(subnets.iter().map(time)), median(data.iter().map(time)));
        let times = subnets.zip(data).map_or(String::new(), |(subnets, data)| {
            format!(" ({:.2} ×)", subnets.as_secs_f64() / data.as_secs_f64())
        });
        [
            format!("{what} of {size} × subnet; {SAME_SIZE}"),
            format!("{}; {}{times}", milliseconds(subnets), milliseconds(data)),
        ]
    };
    let mut rows: Vec<[String; 2]> = STEPS
        .iter()
        .enumerate()
        .map(|(step, (name, _))| {
            row(name, &|life: &[Duration; 4]| {
                life.get(step).copied().unwrap_or_default()
            })
        })
        .collect();
    rows.push(row(
        "plan, apply and destroy",
        &|[plan, apply, _, destroy]: &[Duration; 4]| *plan + *apply + *destroy,
    ));
    rows
}

fn life(directory: &Path, command: &impl Fn(&Path) -> Command) -> Result<[Duration; 4]> {
    let mut times = [Duration::ZERO; 4];
    for (time, (_, arguments)) in times.iter_mut().zip(STEPS) {
        *time = timed(command(directory), arguments)?;
    }
    Ok(times)
}

/// Runs Terraform and says how long it took.
pub(super) fn timed(mut command: Command, arguments: &[&str]) -> Result<Duration> {
    let started = Instant::now();
    let output = command
        .args(arguments)
        .output()
        .map_err(Failure::while_doing("Terraform did not start"))?;
    if output.status.success() {
        return Ok(started.elapsed());
    }
    Err(Failure::new(format!(
        "`terraform {}` failed\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// A working directory with this configuration, and the state file it may read.
pub(super) fn directory(home: &Path, name: &str, configuration: &str, state: Option<&str>) -> Result<PathBuf> {
    let directory = home.join(name);
    let failed = || Failure::while_doing::<std::io::Error>(format!("`{}` cannot be made", directory.display()));
    std::fs::create_dir_all(&directory).map_err(failed())?;
    std::fs::write(directory.join("main.tf"), configuration).map_err(failed())?;
    if let Some(state) = state {
        std::fs::write(directory.join("state.json"), state).map_err(failed())?;
    }
    Ok(directory)
}

fn data(size: usize) -> String {
    format!(
        "resource \"terraform_data\" \"bench\" {{\n  count = {size}\n  triggers_replace = jsondecode(file(\"state.json\"))\n}}\n"
    )
}

fn subnets(size: usize, network: &str) -> String {
    format!(
        r#"{REQUIREMENT}
resource "lockeddown_cyclecloud_subnet" "bench" {{
  count              = {size}
  name               = "snet-${{count.index}}"
  virtual_network_id = "{network}"
  location           = "westeurope"
  address_prefixes   = [cidrsubnet("10.0.0.0/16", 10, count.index)]

  role                  = "server"
  node_address_prefixes = ["10.1.0.0/24"]
}}
"#
    )
}
