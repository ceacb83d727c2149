//! `cargo xtask bench`: the numbers that `SPECIFICATION.md` promises, measured on this machine.
//!
//! All times are medians. Plans of the provider and of Terraform's own `terraform_data` alternate within one run, because only
//! their difference says something about the provider: the rest is Terraform and the machine.

mod applies;
mod plain_hcl;
mod rule_writes;
mod state_store;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use self::table::Table;
use acceptance_tests::terraform::Terraform;
use acceptance_tests::terraform::binaries::{self, PROVIDER, cargo};
use acceptance_tests::terraform::install::NEWEST;
use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::handshake::{Host, first_line, peak_memory};
use crate::progress::{Progress, say};
use crate::{mirror, programs, terraform};

const STARTS: usize = 100;
const PLANS: usize = 11;
const SIZES: [usize; 2] = [1, 100];
const SUBJECTS: [Subject; 4] = [
    Subject {
        name: "terraform_data",
        block: r#"resource "terraform_data" "bench""#,
        arguments: "input = count.index",
    },
    Subject {
        name: "data source lockeddown_cyclecloud_subnet",
        block: r#"data "lockeddown_cyclecloud_subnet" "bench""#,
        arguments: r#"
  location                = "westeurope"
  role                    = "server"
  subnet_address_prefixes = ["10.0.${count.index}.0/24"]
  node_address_prefixes   = ["10.1.0.0/24"]"#,
    },
    Subject {
        name: "resource lockeddown_cyclecloud_subnet",
        block: r#"resource "lockeddown_cyclecloud_subnet" "bench""#,
        arguments: r#"
  name               = "snet-${count.index}"
  location           = "westeurope"
  role               = "server"
  virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
  address_prefixes   = ["10.0.${count.index}.0/24"]

  node_address_prefixes = ["10.1.0.0/24"]"#,
    },
    Subject {
        name: SAME_SIZE,
        block: r#"resource "terraform_data" "bench""#,
        arguments: r#"triggers_replace = jsondecode(file("state.json"))"#,
    },
];

/// What Terraform alone needs for as much state: its own time grows with the size of what is planned.
const SAME_SIZE: &str = "terraform_data with the resource's state";

/// What a configuration says to use the provider.
const REQUIREMENT: &str =
    "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";

/// Something to plan.
struct Subject {
    name: &'static str,
    block: &'static str,
    arguments: &'static str,
}

/// One subject, so many times, in an initialised working directory.
struct Case {
    label: String,
    directory: PathBuf,
    times: Vec<Duration>,
    refused: Option<String>,
}

/// Measures and prints the table.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!(
            "Unknown argument\n`bench` takes none; `{unknown}` was given."
        )));
    }
    let mut progress = Progress::new(10);
    let provider = progress.step("building the provider for release", |status| {
        let mut command = cargo();
        command.args(["build", "--release", "--package", "lockeddown", "--bin", PROVIDER]);
        programs::quietly(command, status)?;
        Ok(binaries::target_directory()?.join("release").join(PROVIDER))
    })?;
    let terraform = progress.step("installing Terraform 1.15", |status| {
        programs::build(status)?;
        Ok(Terraform::install(NEWEST)?)
    })?;

    let emulator = progress.step("building the emulator for release", applies::build_emulator)?;

    let mut table = Table::new();
    let size = std::fs::metadata(&provider)
        .map_err(Failure::while_doing("The provider was not built"))?
        .len();
    table.row("binary size", megabytes(size));

    let starts = progress.step(&format!("starting the provider {STARTS} times"), |_| {
        let host = Host::new()?;
        (0..STARTS).map(|_| host.measure(&provider)).collect::<Result<Vec<_>>>()
    })?;
    for (name, value) in [
        (
            "start to handshake with mutual TLS",
            milliseconds(median(starts.iter().map(|start| start.handshake))),
        ),
        (
            "start to schema received",
            milliseconds(median(starts.iter().map(|start| start.schema))),
        ),
        (
            "peak memory, schema served",
            kilobytes(median(starts.iter().filter_map(|start| start.peak_memory))),
        ),
    ] {
        table.row(name, value);
    }

    let home = TempDir::with_prefix("lockeddown-bench-").map_err(Failure::while_doing("No temporary directory"))?;
    let configuration = mirror::make(provider.parent().unwrap_or(Path::new(".")))?;
    let command = |directory: &Path| {
        let mut command = terraform::command(&terraform, &configuration);
        command
            .current_dir(directory)
            .stdin(Stdio::null())
            .env("TF_IN_AUTOMATION", "1");
        command
    };
    let mut cases = progress.step("initialising the configurations", |_| {
        let pairs = SIZES
            .iter()
            .flat_map(|size| SUBJECTS.iter().map(move |subject| (subject, *size)));
        pairs
            .map(|(subject, size)| Case::prepare(subject, size, home.path(), &command))
            .collect::<Result<Vec<_>>>()
    })?;
    let state = give_same_state(&cases, &command)?;
    progress.step(&format!("planning each configuration {PLANS} times"), |status| {
        for round in 1..=PLANS {
            for case in &mut cases {
                status.show(format!("{round}/{PLANS} {}", case.label));
                case.plan(&command)?;
            }
        }
        status.show("");
        Ok(())
    })?;
    for case in &cases {
        table.row(format!("plan of {}", case.label), case.result());
    }
    progress.step("measuring the memory of a plan", |_| {
        for case in cases
            .iter()
            .filter(|case| case.refused.is_none() && !case.label.contains("terraform_data"))
        {
            let memory = memory_of_plan(&provider, command(&case.directory))?;
            table.row(format!("peak memory, plan of {}", case.label), kilobytes(memory));
        }
        Ok(())
    })?;

    progress.step("computing in plain HCL", |status| {
        plain_hcl::measure(home.path(), &command, status, &mut table)
    })?;
    progress.step("writing rules together and one by one", |_| {
        rule_writes::measure(&emulator, home.path(), &command, &mut table)
    })?;
    progress.step("applying and destroying subnets", |status| {
        applies::measure(&emulator, home.path(), &state, &command, status, &mut table)
    })?;
    for case in &cases {
        if let Some(reason) = &case.refused {
            say(&format!("\n{} was not planned:\n{reason}", case.label));
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Case {
    fn prepare(subject: &Subject, size: usize, home: &Path, command: &impl Fn(&Path) -> Command) -> Result<Self> {
        let label = format!("{size} × {}", subject.name);
        let directory = home.join(label.replace(|character: char| !character.is_ascii_alphanumeric(), "-"));
        let failed = || Failure::while_doing::<std::io::Error>(format!("`{}` cannot be made", directory.display()));
        std::fs::create_dir_all(&directory).map_err(failed())?;
        std::fs::write(directory.join("main.tf"), subject.configuration(size)).map_err(failed())?;
        let output = command(&directory)
            .args(["init", "-no-color", "-input=false"])
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        let refused = (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned());
        Ok(Self {
            label,
            directory,
            times: Vec::new(),
            refused,
        })
    }

    fn plan(&mut self, command: &impl Fn(&Path) -> Command) -> Result<()> {
        if self.refused.is_some() {
            return Ok(());
        }
        let mut command = command(&self.directory);
        command.args(["plan", "-no-color", "-input=false"]);
        let started = Instant::now();
        let output = command
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        if output.status.success() {
            self.times.push(started.elapsed());
        } else {
            self.refused = Some(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(())
    }

    fn result(&self) -> String {
        if self.refused.is_some() {
            "refused, see below".to_owned()
        } else {
            milliseconds(median(self.times.iter().copied()))
        }
    }
}

impl Subject {
    fn configuration(&self, size: usize) -> String {
        let requirement = if self.name.starts_with("terraform_data") {
            ""
        } else {
            REQUIREMENT
        };
        format!(
            "{requirement}{} {{\n  count = {size}\n  {}\n}}\n",
            self.block, self.arguments
        )
    }
}

/// Hands the planned values of one of our resources to the subject that holds the same without us. Gives them.
fn give_same_state(cases: &[Case], command: &impl Fn(&Path) -> Command) -> Result<String> {
    let Some(ours) = cases
        .iter()
        .find(|case| case.label.contains("1 × resource") && case.refused.is_none())
    else {
        return Ok("null".to_owned());
    };
    let run = |arguments: &[&str]| {
        let output = command(&ours.directory).args(arguments).output();
        output.map_err(Failure::while_doing("Terraform did not start"))
    };
    run(&["plan", "-no-color", "-input=false", "-out=one.tfplan"])?;
    let shown = run(&["show", "-json", "one.tfplan"])?;
    let plan: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap_or_default();
    let values = plan
        .pointer("/planned_values/root_module/resources/0/values")
        .cloned()
        .unwrap_or_default();
    for case in cases.iter().filter(|case| case.label.contains(SAME_SIZE)) {
        let written = std::fs::write(case.directory.join("state.json"), values.to_string());
        written.map_err(Failure::while_doing("The state for comparison cannot be written"))?;
    }
    Ok(values.to_string())
}

/// Plans against one provider process in reattach mode, which outlives the command, so that its peak can be read.
fn memory_of_plan(provider: &Path, mut plan: Command) -> Result<Option<u64>> {
    let mut serving = Command::new(provider)
        .arg("--debug")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Failure::while_doing("The provider did not start"))?;
    let line = first_line(&mut serving);
    let measured = line.and_then(|line| {
        let reattach = line
            .trim()
            .strip_prefix("TF_REATTACH_PROVIDERS=")
            .unwrap_or_default()
            .trim_matches('\'');
        let output = plan
            .env("TF_REATTACH_PROVIDERS", reattach)
            .args(["plan", "-no-color", "-input=false"])
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        let peak = peak_memory(serving.id());
        if output.status.success() {
            return Ok(peak);
        }
        Err(Failure::new(format!(
            "A plan in reattach mode failed\n{}",
            String::from_utf8_lossy(&output.stderr)
        )))
    });
    _ = serving.kill().and_then(|()| serving.wait());
    measured
}

/// The middle one of an odd number of values, the upper middle one otherwise.
fn median<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    let middle = values.len() / 2;
    values.into_iter().nth(middle)
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or("–".to_owned(), |time| {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    })
}

fn kilobytes(amount: Option<u64>) -> String {
    amount.map_or("–".to_owned(), |amount| megabytes(amount * 1024))
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
