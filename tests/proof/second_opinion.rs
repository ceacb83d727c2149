//! The proof of real expansions, and of small changes of them, against an encoding in Z3 that shares no code with it (`z3/check.py`).
//!
//! Z3 is 110 MB and the cases take minutes, so only `cargo xtask test --full` looks at them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use lockeddown::network::stable_hash;
use serde_json::Value;

use crate::{
    expansions::every_expansion,
    mutants::{Written, mutants},
    z3::{Z3, case, check, home},
};

/// So many cases at least, each a verdict on a flow or on a rule.
const CASES: u64 = 100_000;

/// How many changes of an expansion are looked at, about.
const CHANGES: u64 = 10;

#[test]
fn z3_agrees_on_a_hundred_thousand_verdicts() {
    if std::env::var_os("LOCKEDDOWN_FULL").is_none() {
        println!("skipped: Z3 is asked by `cargo xtask test --full` only");
        return;
    }
    install();
    let folder = tempfile::tempdir().unwrap();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut files: Vec<(PathBuf, String)> = (0..workers)
        .map(|worker| (folder.path().join(format!("cases{worker}.json")), String::new()))
        .collect();
    let mut written = 0;
    every_expansion(|name, policy| {
        let whole = Written {
            policy: policy.clone(),
            firewall: None,
        };
        let all = mutants(policy);
        let wanted = |label: &str| stable_hash(label) % u64::try_from(all.len()).unwrap().max(1) < CHANGES;
        let labelled = all
            .iter()
            .map(|mutant| (format!("{name} / {} / {}", mutant.kind, mutant.what), &mutant.written));
        for (label, written_there) in
            std::iter::once((name.to_owned(), &whole)).chain(labelled.filter(|(label, _)| wanted(label)))
        {
            let (_, text) = &mut files[written % workers];
            let _ = writeln!(
                text,
                "{}",
                case(&label, &written_there.policy, written_there.firewall.as_ref())
            );
            written += 1;
        }
    });
    let checks: Vec<_> = files
        .iter()
        .map(|(path, text)| {
            fs::write(path, text).unwrap();
            check(path)
        })
        .collect();
    let (mut counts, mut wrong) = (BTreeMap::<String, u64>::new(), Vec::new());
    for check in checks {
        let output = check.wait_with_output().unwrap();
        assert!(output.status.success());
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (word, count) in said["counts"].as_object().unwrap() {
            *counts.entry(word.clone()).or_default() += count.as_u64().unwrap();
        }
        println!("{} disagreements in {} s", said["wrong"], said["seconds"]);
        wrong.extend(said["first"].as_array().unwrap().iter().map(ToString::to_string));
    }
    println!("{written} rule sets, {counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.values().sum::<u64>() >= CASES, "{counts:?}");
}

/// Installs Z3 in an environment of its own.
fn install() {
    let home = home();
    let python = home.join("bin/python");
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(
            output.status.success(),
            "{command:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let ready = home.join("ready");
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            Z3,
        ]));
        fs::write(&ready, "").unwrap();
    }
}
