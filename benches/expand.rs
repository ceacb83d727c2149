//! How long an expansion takes: the first of a process (which reads the catalogue) and every later one.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints and may stop")]

use std::time::{Duration, Instant};

use lockeddown::workloads::{Defaults, Surroundings, Workload};
use tfplugin_rs::value::Value;

fn main() {
    let workload = Workload::find("cyclecloud_subnet").unwrap();
    let values = Value::object([
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        (
            "waived_requirements",
            Value::object([("CC-HOST-WATSON", Value::from("bench"))]),
        ),
    ]);
    let surroundings = Surroundings::none(Defaults::default());
    let once = || {
        let started = Instant::now();
        assert!(workload.expand(&values, &surroundings).expanded.is_some());
        started.elapsed()
    };
    let first = once();
    let mut later: Vec<Duration> = (0..1001).map(|_| once()).collect();
    later.sort();
    println!(
        "expand cyclecloud_subnet: first {first:?}, median {:?}",
        later.get(500).unwrap()
    );
}
