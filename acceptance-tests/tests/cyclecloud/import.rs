//! Import.

use crate::setting::{ADDRESS, Setting};

#[test]
fn an_import_recovers_the_options_and_plans_empty() {
    let setting = Setting::new();
    let configuration = setting.server(
        r#"
        edition                     = "2020-07"
        cyclecloud_version          = 7
        isolation                   = "strict"
        web_source_address_prefixes = ["198.51.100.0/24"]
        tags                        = { team = "hpc" }
        ignored_rule_name_prefixes  = ["Azure_"]
        timeouts                    = { create = "45m" }
        extra_rules = {
          ntp = { direction = "Outbound", protocol = "Udp", destination_port_range = "123", destination_address_prefix = "10.9.0.4" }
        }
        "#,
    );
    setting.workspace.step(&configuration);
    setting.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    setting.workspace.import(ADDRESS, &setting.subnet_id());
    setting.workspace.assert_settled();
    assert_eq!(setting.workspace.state().resource(ADDRESS)["edition"], "2020-07");
}

#[test]
fn an_import_in_another_spelling_plans_empty_too() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    setting.workspace.import(ADDRESS, &setting.subnet_id());
    let configuration = setting
        .server("")
        .replace(r#""westeurope""#, r#""West Europe""#)
        .replace("rg-hpc", "RG-HPC");
    setting.workspace.write(&configuration);
    setting.workspace.assert_settled();
}

#[test]
fn drift_shows_after_an_import() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    setting
        .emulator
        .remove(&format!("{}/securityRules/BlockOutbound", setting.group_id()));
    setting.workspace.import(ADDRESS, &setting.subnet_id());
    let change = setting.workspace.plan().change(ADDRESS);
    assert!(change.before["security_rules"].get("BlockOutbound").is_none());
    assert!(change.after["security_rules"]["BlockOutbound"].is_object());
}

#[test]
fn what_this_resource_has_not_made_is_not_imported() {
    let setting = Setting::new();
    setting.workspace.write(&setting.server(""));
    let foreign = format!("{}/subnets/foreign", setting.network);
    setting.emulator.put(
        &foreign,
        serde_json::json!({ "properties": { "addressPrefix": "10.0.9.0/24" } }),
    );
    let error = setting.workspace.expect_error(&["import", ADDRESS, &foreign]);
    assert!(error.contains("Not made by this resource"), "{error}");
    let error = setting.workspace.expect_error(&["import", ADDRESS, "server"]);
    assert!(error.contains("Invalid import id"), "{error}");
}
