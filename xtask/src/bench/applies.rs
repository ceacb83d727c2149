//! Two hundred subnets planned, applied and destroyed against the emulator, beside as many `terraform_data` that hold the same state.
//!
//! The emulator's operations end at once, so that what is measured is ours, Terraform's and the emulator's own work. All subnets are in one virtual
//! network, which Azure lets be written by one at a time: the hard case.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use acceptance_tests::terraform::binaries::{self, cargo};

use super::{SAME_SIZE, median, milliseconds};
use crate::azure::{self, Azure};
use crate::emulator::{Emulator, PROGRAM};
use crate::failure::{Failure, Result};
use crate::programs;
use crate::progress::Status;

const SUBNETS: usize = 200;
const ROUNDS: usize = 3;
const COMMANDS: [&[&str]; 3] = [
    &["plan", "-no-color", "-input=false"],
    &["apply", "-no-color", "-input=false", "-auto-approve"],
    &["destroy", "-no-color", "-input=false", "-auto-approve"],
];

/// The emulator, built for release: a slow one would be measured instead of the provider.
pub(super) fn build_emulator(status: &Status) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--release", "--package", "acceptance-tests", "--bin", PROGRAM]);
    programs::quietly(command, status)?;
    Ok(binaries::target_directory()?.join("release").join(PROGRAM))
}

/// Measures both and gives the rows of the table. `state` is what one of the resources has in its state.
pub(super) fn measure(
    emulator: &Path,
    home: &Path,
    state: &str,
    command: &impl Fn(&Path) -> Command,
    status: &Status,
) -> Result<Vec<[String; 2]>> {
    let running = Emulator::start_program(
        emulator,
        &home.join("emulator"),
        &["--operation-ms", "0", "--retry-after", "0"],
    )?;
    let platform = Azure::connect(&running.connection)?;
    platform.create_landing_zone()?;
    let network = azure::virtual_network_id(&running.connection.subscription_id);
    let ours = directory(home, "subnets", &subnets(&network), None)?;
    let theirs = directory(home, "data", &data(), Some(state))?;
    let with_azure = |directory: &Path| {
        let mut command = command(directory);
        running.configure(&mut command);
        command
    };
    for place in [&ours, &theirs] {
        timed(with_azure(place), &["init", "-no-color", "-input=false"])?;
    }
    let (mut subnets, mut data, mut requests) = (Vec::new(), Vec::new(), 0);
    for round in 1..=ROUNDS {
        status.show(format!("{round}/{ROUNDS}"));
        data.push(life(&theirs, &with_azure)?);
        let before = platform.requests()?;
        subnets.push(life(&ours, &with_azure)?);
        requests = platform.requests()? - before;
    }
    status.show("");
    let (subnets, data) = (median(subnets.into_iter()), median(data.into_iter()));
    let times = subnets
        .zip(data)
        .map(|(subnets, data)| subnets.as_secs_f64() / data.as_secs_f64());
    let what = "plan, apply and destroy of";
    Ok(vec![
        [format!("{what} {SUBNETS} × {SAME_SIZE}"), milliseconds(data)],
        [
            format!("{what} {SUBNETS} × resource lockeddown_cyclecloud_subnet"),
            milliseconds(subnets),
        ],
        [
            "the latter, in terms of the former".to_owned(),
            times.map_or("–".to_owned(), |times| format!("{times:.2} ×")),
        ],
        [
            format!("requests to Azure for each of the {SUBNETS}"),
            (requests / SUBNETS).to_string(),
        ],
    ])
}

fn life(directory: &Path, command: &impl Fn(&Path) -> Command) -> Result<Duration> {
    COMMANDS
        .iter()
        .map(|arguments| timed(command(directory), arguments))
        .sum()
}

fn timed(mut command: Command, arguments: &[&str]) -> Result<Duration> {
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

fn directory(home: &Path, name: &str, configuration: &str, state: Option<&str>) -> Result<PathBuf> {
    let directory = home.join(name);
    let failed = || Failure::while_doing::<std::io::Error>(format!("`{}` cannot be made", directory.display()));
    std::fs::create_dir_all(&directory).map_err(failed())?;
    std::fs::write(directory.join("main.tf"), configuration).map_err(failed())?;
    if let Some(state) = state {
        std::fs::write(directory.join("state.json"), state).map_err(failed())?;
    }
    Ok(directory)
}

fn data() -> String {
    format!(
        "resource \"terraform_data\" \"bench\" {{\n  count = {SUBNETS}\n  input = jsondecode(file(\"state.json\"))\n}}\n"
    )
}

fn subnets(network: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    lockeddown = {{ source = "lockeddown/lockeddown" }}
  }}
}}

resource "lockeddown_cyclecloud_subnet" "bench" {{
  count              = {SUBNETS}
  name               = "snet-${{count.index}}"
  virtual_network_id = "{network}"
  location           = "westeurope"
  address_prefixes   = ["10.0.${{count.index}}.0/24"]

  role                  = "server"
  node_address_prefixes = ["10.1.0.0/24"]
}}
"#
    )
}
