//! Clouds that tell their addresses themselves.

use crate::setting::Setting;

/// A setting that knows nothing but the host of Azure Resource Manager.
fn unknown_cloud() -> Setting {
    let mut setting = Setting::new().with_secret();
    for name in [
        "ARM_RESOURCE_MANAGER_ENDPOINT",
        "ARM_RESOURCE_MANAGER_AUDIENCE",
        "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
    ] {
        setting.env(name, "");
    }
    setting
}

#[test]
fn the_addresses_come_from_the_metadata_host_and_only_when_they_are_needed() {
    let mut setting = unknown_cloud();
    let host = setting.emulator.endpoint().trim_start_matches("https://").to_owned();
    setting.env("ARM_METADATA_HOSTNAME", &host);
    setting.workspace().plan();
    assert_eq!(
        setting.emulator.requests().lines(),
        Vec::<String>::new(),
        "a plan needs none"
    );
    setting.applies();
    assert_eq!(setting.emulator.requests().on("GET", "metadata/endpoints").len(), 1);
}

#[test]
fn a_host_that_is_none_is_named() {
    let mut setting = unknown_cloud();
    setting.configure("metadata_host = \"localhost:1\"");
    let error = setting.fails();
    assert!(
        error.contains("`metadata_host` is `localhost:1`") && error.contains("Connection refused"),
        "{error}"
    );
}
