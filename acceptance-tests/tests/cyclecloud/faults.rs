//! Misfortune: each ends in the right state, or in a clear error with the state kept.

use acceptance_tests::emulator::{Effect, Fault};

use crate::setting::{ADDRESS, Setting};

const GROUP: &str = "networkSecurityGroups/nsg-server";
const SUBNET: &str = "subnets/server";

#[test]
fn passing_troubles_are_waited_out() {
    let setting = Setting::new();
    setting.fault(
        Fault::refuse(409, "AnotherOperationInProgress", "Another operation is in progress.")
            .on("PUT", SUBNET)
            .times(2),
    );
    setting.fault(
        Fault::refuse(429, "TooManyRequests", "Slow down.")
            .on("PUT", GROUP)
            .retry_after(1),
    );
    setting.workspace.step(&setting.server(""));
    setting.fault(Fault::refuse(412, "PreconditionFailed", "Precondition failed.").on("PUT", GROUP));
    setting
        .workspace
        .step(&setting.server(r#"ssh_source_address_prefixes = ["198.51.100.0/24"]"#));
    assert!(setting.rules("Inbound").iter().any(|rule| rule.contains("ssh")));
    setting.workspace.destroy();
    setting.assert_nothing_left();
}

#[test]
fn a_connection_that_drops_after_the_write_ends_in_the_right_state() {
    for path in [GROUP, SUBNET] {
        let setting = Setting::new();
        setting.fault(Fault::new("PUT", path, Effect::ResetAfter));
        setting.workspace.step(&setting.server(""));
        setting.workspace.destroy();
        setting.assert_nothing_left();
    }
}

#[test]
fn a_failed_operation_is_an_error_that_the_next_apply_repairs() {
    for path in [GROUP, SUBNET] {
        let setting = Setting::new();
        setting.fault(Fault::fail_operation("SubnetGoneWrong", "Something broke.").on("PUT", path));
        setting.workspace.write(&setting.server(""));
        let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
        assert!(
            error.contains("SubnetGoneWrong") && error.contains("Something broke."),
            "{error}"
        );
        setting.workspace.step(&setting.server(""));
        assert_eq!(setting.rules("Outbound").len(), 5);
        setting.workspace.destroy();
        setting.assert_nothing_left();
    }
}

#[test]
fn a_failed_update_keeps_the_state_and_the_next_plan_repairs() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    let changed = setting.server("cyclecloud_version = 7\ndefault_outbound_access_enabled = true");
    setting.fault(Fault::fail_operation("SubnetGoneWrong", "Something broke.").on("PUT", SUBNET));
    setting.workspace.write(&changed);
    setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert_eq!(setting.workspace.state().resource(ADDRESS)["cyclecloud_version"], 8);
    setting.workspace.step(&changed);
}

#[test]
fn an_apply_that_fails_between_the_two_writes_ends_well() {
    let setting = Setting::new();
    setting
        .fault(Fault::refuse(403, "AuthorizationFailed", "The client does not have authorization.").on("PUT", SUBNET));
    setting.workspace.write(&setting.server(""));
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(error.contains("Subnet not created"), "{error}");
    assert!(setting.emulator.get(&setting.group_id()).is_some());
    setting.workspace.step(&setting.server(""));
    setting.workspace.destroy();
    setting.assert_nothing_left();
}

#[test]
fn a_provider_killed_between_the_two_writes_leaves_what_the_next_apply_adopts() {
    let setting = Setting::new();
    setting.workspace.write(&setting.server(""));
    let terraform = apply_until_the_subnet_is_asked_for(&setting);
    kill_providers_below(terraform.id());
    assert!(!terraform.wait_with_output().unwrap().status.success());
    the_next_apply_ends_well(&setting, 0);
}

#[test]
fn an_interrupted_apply_stops_waiting_and_the_next_one_ends_well() {
    let setting = Setting::new();
    setting.workspace.write(&setting.server(""));
    let terraform = apply_until_the_subnet_is_asked_for(&setting);
    let since = std::time::Instant::now();
    // As Ctrl-C: Terraform tells the provider to stop.
    let interrupt = std::process::Command::new("kill")
        .args(["-INT", &terraform.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = terraform.wait_with_output().unwrap();
    assert!(!output.status.success());
    // Not a matter of speed: the answer would come after a minute.
    assert!(since.elapsed() < std::time::Duration::from_secs(45));
    let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
    assert!(said.contains("was stopped"), "{said}");
    the_next_apply_ends_well(&setting, 1);
}

#[test]
fn an_apply_takes_no_longer_than_its_timeout_and_names_what_it_waited_for() {
    let setting = Setting::new();
    setting.fault(Fault::new("PUT", SUBNET, Effect::Delay(60_000)));
    setting
        .workspace
        .write(&setting.server(r#"timeouts = { create = "3s" }"#));
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(
        error.contains("did not end within") && error.contains("`timeouts`") && error.contains("subnets/server"),
        "{error}"
    );
    the_next_apply_ends_well(&setting, 1);
}

/// An apply whose request for the subnet gets no answer for a minute; by then the group exists.
fn apply_until_the_subnet_is_asked_for(setting: &Setting) -> std::process::Child {
    setting.fault(Fault::new("PUT", SUBNET, Effect::Delay(60_000)));
    let terraform = setting
        .workspace
        .command(&["apply", "-auto-approve", "-input=false", "-no-color"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut tries = 0;
    while setting.emulator.requests().puts_on(SUBNET).0.is_empty() {
        tries += 1;
        assert!(tries < 600, "the subnet's request never came");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    terraform
}

/// The group is there, known to the state or not: what a state knows of a create that failed is made anew, what none knows is adopted.
fn the_next_apply_ends_well(setting: &Setting, groups_written: usize) {
    assert!(
        setting.emulator.get(&setting.group_id()).is_some(),
        "the group is there"
    );
    assert!(
        setting.emulator.get(&setting.subnet_id()).is_none(),
        "the subnet is not"
    );
    setting.emulator.clear_faults();
    setting.emulator.clear_requests();
    setting.workspace.step(&setting.server(""));
    assert_eq!(setting.emulator.requests().puts_on(GROUP).0.len(), groups_written);
    setting.workspace.destroy();
    setting.assert_nothing_left();
}

/// SIGKILL to the provider processes that a Terraform started.
fn kill_providers_below(terraform: u32) {
    let children = std::process::Command::new("ps")
        .args(["-o", "pid=,args=", "--ppid", &terraform.to_string()])
        .output()
        .unwrap();
    let listing = String::from_utf8(children.stdout).unwrap();
    let pids: Vec<&str> = listing
        .lines()
        .filter(|line| line.contains("terraform-provider-lockeddown"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(!pids.is_empty(), "no provider runs: {listing}");
    for pid in pids {
        assert!(
            std::process::Command::new("kill")
                .args(["-9", pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

#[test]
fn a_subnet_in_use_is_not_destroyed_and_stays_in_state() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    let occupant = setting
        .network
        .replace("virtualNetworks/vnet-hpc", "networkInterfaces/nic/ipConfigurations/one");
    setting.emulator.occupy_subnet(&setting.subnet_id(), &occupant);
    let error = setting.workspace.expect_error(&["destroy", "-auto-approve"]);
    assert!(error.contains("InUseSubnetCannotBeDeleted"), "{error}");
    setting.workspace.assert_settled();
}

#[test]
fn a_foreign_write_between_read_and_write_is_kept() {
    let setting = Setting::new();
    setting
        .workspace
        .step(&setting.server(r#"ignored_rule_name_prefixes = ["Azure_"]"#));
    let id = format!("{}/securityRules/Azure_jit", setting.group_id());
    setting.fault(
        Fault::foreign(move |azure| {
            azure.put(
                &id,
                serde_json::json!({ "properties": {
                    "priority": 310, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
                    "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
                } }),
            );
        })
        .on("PUT", GROUP),
    );
    setting
        .workspace
        .write(&setting.server("ignored_rule_name_prefixes = [\"Azure_\"]\ncyclecloud_version = 7"));
    setting.workspace.apply();
    let inbound = setting.rules("Inbound");
    assert!(
        inbound.iter().any(|rule| rule.contains("Azure_jit")) && inbound.iter().any(|rule| rule.contains("amqp")),
        "{inbound:?}"
    );
}
