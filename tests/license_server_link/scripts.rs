//! The scripts that nodes and junction boxes run.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use tfplugin_rs::value::Value;

use crate::{expand, link, node_dials, point_to_site, with};

/// Every script of every kind of link, by name.
fn scripts() -> Vec<(String, String)> {
    let over_tls = |values: Value| {
        let mut junction = values.attribute("junction_box").clone();
        junction.set_attribute("tunnel_protocol", "openvpn".into());
        with(values, &[("junction_box", junction)])
    };
    let links = [
        ("vpn", link(&[])),
        ("point_to_site", point_to_site(&[])),
        ("point_to_site_tls", over_tls(point_to_site(&[]))),
        ("node_dials", node_dials(&[])),
        ("node_dials_tls", over_tls(node_dials(&[]))),
    ];
    let mut scripts = Vec::new();
    for (link, values) in links {
        let outputs = expand(&values).outputs;
        for (platform, script) in outputs["startup_scripts"].as_map().unwrap() {
            scripts.push((format!("{link}_{platform}_node"), script.as_str().unwrap().to_owned()));
        }
        for (platform, by_purpose) in outputs["junction_box_scripts"].as_map().unwrap() {
            for (purpose, script) in by_purpose.as_map().unwrap() {
                scripts.push((
                    format!("{link}_{platform}_{purpose}"),
                    script.as_str().unwrap().to_owned(),
                ));
            }
        }
    }
    scripts
}

#[test]
fn scripts_read_as_people_will_read_them() {
    for (name, script) in scripts() {
        assert!(!script.contains("{{"), "{name} has a hole:\n{script}");
    }
    let wanted = [
        "node_dials_linux_node",
        "point_to_site_linux_forwarding",
        "vpn_windows_node",
    ];
    for (name, script) in scripts()
        .into_iter()
        .filter(|(name, _)| wanted.contains(&name.as_str()))
    {
        insta::assert_snapshot!(name, script);
    }
}

/// The scripts of a platform, and those that they write.
fn scripts_of(platform: &str) -> Vec<(String, String)> {
    let mut scripts = scripts();
    scripts.retain(|(name, _)| name.contains(platform));
    for (name, script) in scripts.clone() {
        for (begin, end) in [("<<'CHECK'\n", "\nCHECK\n"), ("\n@'\n", "\n'@ |")] {
            if let Some((_, rest)) = script.split_once(begin) {
                let (inner, _) = rest.split_once(end).unwrap();
                scripts.push((format!("{name}_writes"), inner.to_owned()));
            }
        }
    }
    scripts
}

/// Feeds each script to a checker that reads standard input; where it is not installed, says so.
fn check_with(program: &str, arguments: &[&str], platform: &str) {
    for (name, script) in scripts_of(platform) {
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            println!("skipped: {program} is not installed");
            return;
        };
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}{}\n{script}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn bash_parses_every_linux_script() {
    check_with("bash", &["-n"], "_linux_");
}

#[test]
fn shellcheck_has_nothing_to_say() {
    check_with("shellcheck", &["--shell=bash", "-"], "_linux_");
}

#[test]
fn powershell_parses_every_windows_script() {
    let parse = "$errors = $null; [void][System.Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref]$null, \
                 [ref]$errors); $errors | ForEach-Object { Write-Error $_.Message }; exit $errors.Count";
    check_with("pwsh", &["-NoProfile", "-Command", parse], "_windows_");
}
