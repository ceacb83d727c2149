//! Lookups and their refusals.

use std::{fs, sync::Arc};

use lockeddown::{
    regions::{self, Cloud, Region},
    service_tags::{self, FileError, ServiceTagFile, Tag},
};

use crate::{SMALL, nets, scratch};

fn small() -> ServiceTagFile {
    ServiceTagFile::parse(SMALL.as_bytes()).unwrap()
}

fn region(name: &str) -> &'static Region {
    regions::find(name, Cloud::Public).unwrap()
}

#[test]
fn a_tag_is_found_in_any_case_and_named_as_published() {
    let file = small();
    assert_eq!((file.change_number(), file.cloud()), (7, Cloud::Public));
    let tag = file.tag("STORAGE.westeurope", None).unwrap();
    assert_eq!((tag.name(), tag.region()), ("Storage.WestEurope", Some("westeurope")));
    assert_eq!(tag.prefixes().unwrap(), nets(&["20.38.0.128/25"]));
    assert_eq!(file.tag("storage", None).unwrap().region(), None);
}

#[test]
fn the_regional_form_follows_the_location() {
    let file = small();
    let named = |tag: &str, location: &str| file.tag(tag, Some(region(location))).map(Tag::name);
    assert_eq!(named("Storage", "West Europe"), Ok("Storage.WestEurope"));
    // `AzureCloud` has an old alias for Norway East; what is regional already stays.
    assert_eq!(named("AzureCloud", "norwayeast"), Ok("AzureCloud.norwaye"));
    assert_eq!(named("Storage.WestEurope", "northeurope"), Ok("Storage.WestEurope"));
    assert_eq!(
        file.tag("AzureCloud.norwayeast", None).map(Tag::name),
        Ok("AzureCloud.norwaye")
    );
    assert_eq!(
        file.tag("AzureCloud.norwaye", None).unwrap().region(),
        Some("norwayeast")
    );
}

#[test]
fn a_region_whose_words_are_turned_is_recognised() {
    let entry = |name: &str| {
        format!(
            r#"{{"name": "{name}", "id": "{name}", "properties": {{"changeNumber": 1, "region": "", "addressPrefixes": ["10.0.0.0/24"]}}}}"#
        )
    };
    let entries = [
        "BatchNodeManagement",
        "BatchNodeManagement.UKWest",
        "BatchNodeManagement.WestUS",
    ]
    .map(entry);
    let text = format!(
        r#"{{"changeNumber": 1, "cloud": "Public", "values": [{}]}}"#,
        entries.join(",")
    );
    let file = ServiceTagFile::parse(text.as_bytes()).unwrap();
    let error = file.tag("BatchNodeManagement.uswest", None).err().unwrap().to_string();
    assert!(error.ends_with("did you mean `BatchNodeManagement.WestUS`?"), "{error}");
}

#[test]
fn refusals_say_what_would_be_right() {
    let file = small();
    let mut report = String::new();
    for (tag, location) in [
        ("Sotrage", None),
        ("Keyvault", None),
        ("Keyvault.WestEurope", None),
        ("CompletelyDifferent", None),
        ("internet", None),
        ("SystemServiceAzureSpringAppsResourceProvider", None),
        ("Storage.norwayeast", None),
        ("Storage", Some("norwayeast")),
        ("AzureActiveDirectory", Some("westeurope")),
    ] {
        let error = file.tag(tag, location.map(region)).err();
        report.push_str(&format!(
            "{tag} {location:?}:\n    {}\n",
            error.map(|error| error.to_string()).unwrap_or_default()
        ));
    }
    report.push_str(&format!(
        "prefixes:\n    {}\n",
        file.tag("AzureKeyVault", None).unwrap().prefixes().unwrap_err()
    ));
    insta::assert_snapshot!(report);
}

#[test]
fn only_what_is_asked_for_is_decoded() {
    let file = small();
    // The invalid prefix of `AzureKeyVault` harms nobody else. An escaped slash is a slash.
    assert_eq!(
        file.tag("AzureActiveDirectory", None).unwrap().prefixes().unwrap(),
        nets(&["13.64.151.161/32"])
    );
    assert!(file.tag("AzureKeyVault", None).unwrap().network_features().is_empty());
}

#[test]
fn the_answer_of_the_discovery_api_has_the_same_shape() {
    let answer = r#"{"name": "China", "id": "/subscriptions/0/…/China", "type": "Microsoft.Network/serviceTags", "changeNumber": "401",
        "cloud": "China", "values": [], "nextLink": null}"#;
    let file = ServiceTagFile::parse(answer.as_bytes()).unwrap();
    assert_eq!((file.change_number(), file.cloud()), (401, Cloud::China));
}

#[test]
fn a_byte_order_mark_is_no_obstacle() {
    assert!(ServiceTagFile::parse(format!("\u{feff}{SMALL}").as_bytes()).is_ok());
}

#[test]
fn what_is_no_service_tag_file_is_refused_with_the_reason() {
    let path = scratch("refused");
    let mut report = String::new();
    for text in [
        "",
        "{}",
        "<html>",
        r#"{"changeNumber": 1, "cloud": "Mars", "values": []}"#,
        r#"{"changeNumber": [], "cloud": "Public", "values": []}"#,
    ] {
        fs::write(&path, text).unwrap();
        let error = service_tags::file(&path).unwrap_err();
        assert!(matches!(error, FileError::Malformed { .. }));
        report.push_str(&format!(
            "{text}\n    {}\n",
            error.to_string().replace(&*path.to_string_lossy(), "FILE")
        ));
    }
    fs::remove_file(&path).unwrap();
    let error = service_tags::file(&path).unwrap_err().to_string();
    report.push_str(&format!(
        "no file\n    {}\n",
        error.replace(&*path.to_string_lossy(), "FILE")
    ));
    insta::assert_snapshot!(report);
}

#[test]
fn a_file_is_read_once_until_it_changes() {
    let path = scratch("once");
    fs::write(&path, SMALL).unwrap();
    let first = service_tags::file(&path).unwrap();
    assert!(Arc::ptr_eq(&first, &service_tags::file(&path).unwrap()));
    fs::write(&path, SMALL.replace("\"changeNumber\": 7", "\"changeNumber\": 18")).unwrap();
    assert_eq!(service_tags::file(&path).unwrap().change_number(), 18);
    fs::remove_file(&path).unwrap();
}
