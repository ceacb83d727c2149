//! `lockeddown_service_tag` and `lockeddown_region` as Terraform meets them.

use std::fs;

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    diagnostic::{Diagnostics, Severity},
    provider::{Call, Configuration, Provider},
    value::Value,
};

use crate::{SMALL, scratch};

type Entries<'a> = &'a [(&'static str, Value)];

/// A data source's configuration: null where nothing is said, with the schema's defaults.
fn config(provider: &Lockeddown, name: &str, entries: Entries<'_>) -> Value {
    let sources = provider.data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    let attributes = source.schema().block.attributes;
    let default = |attribute: tfplugin_rs::schema::Attribute| attribute.default.unwrap_or(Value::Null);
    let mut config = Value::object(
        attributes
            .into_iter()
            .map(|(name, attribute)| (name, default(attribute))),
    );
    for (name, value) in entries {
        config.set_attribute(*name, value.clone());
    }
    config
}

fn call() -> Call {
    Call {
        cancel: Default::default(),
        write_only_attributes_allowed: true,
        stores_planned_private: false,
    }
}

fn report(diagnostics: &Diagnostics) -> String {
    let line = |diagnostic: &tfplugin_rs::diagnostic::Diagnostic| {
        let severity = if diagnostic.severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "{severity} at {path}: {}\n    {}\n",
            diagnostic.summary, diagnostic.detail
        )
    };
    diagnostics.iter().map(line).collect()
}

/// Validates, and reads if that went well, in a provider whose environment variables are `variables`.
async fn read_with(variables: &'static [(&str, &str)], name: &str, entries: Entries<'_>) -> (Option<Value>, String) {
    let provider = Lockeddown::new(move |name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    });
    let mut diagnostics = Diagnostics::default();
    let block = Value::object(
        provider
            .schema()
            .block
            .attributes
            .into_keys()
            .map(|name| (name, Value::Null)),
    );
    provider
        .configure(
            Configuration {
                config: block,
                terraform_version: "1.15.0".into(),
            },
            &mut diagnostics,
        )
        .await;
    let config = config(&provider, name, entries);
    let sources = provider.data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    source.validate(&config, &call(), &mut diagnostics).await;
    let state = match diagnostics.has_errors() {
        true => None,
        false => source.read(config, &call(), &mut diagnostics).await,
    };
    assert_eq!(state.is_none(), diagnostics.has_errors());
    (state, report(&diagnostics))
}

async fn service_tag(path: &std::path::Path, entries: Entries<'_>) -> (Option<Value>, String) {
    let mut all = vec![("path", Value::from(path.to_str().unwrap()))];
    all.extend_from_slice(entries);
    let (state, report) = read_with(&[], "lockeddown_service_tag", &all).await;
    (state, report.replace(path.to_str().unwrap(), "FILE"))
}

fn tags(names: &[&str]) -> (&'static str, Value) {
    ("tags", Value::string_set(names.iter().copied()))
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_list()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn tags_are_answered_together_and_one_by_one() {
    let path = scratch("together");
    fs::write(&path, SMALL).unwrap();
    let (state, report) = service_tag(&path, &[tags(&["storage", "AzureActiveDirectory"])]).await;
    let state = state.unwrap();
    assert_eq!(report, "");
    assert_eq!(state.attribute("change_number"), &Value::from(7));
    assert_eq!(state.attribute("cloud").as_str(), Some("public"));
    assert_eq!(
        texts(state.attribute("ipv4_prefixes")),
        ["13.64.151.161/32", "20.38.0.0/24"]
    );
    assert_eq!(texts(state.attribute("ipv6_prefixes")), ["2603:1000::/48"]);
    let storage = state.attribute("by_tag").attribute("storage");
    assert_eq!(storage.attribute("name").as_str(), Some("Storage"));
    assert_eq!(texts(storage.attribute("ipv4_prefixes")), ["20.38.0.0/24"]);
    assert!(storage.attribute("region").is_null() && state.attribute("added").is_null());

    let (state, _) = service_tag(&path, &[tags(&["Storage"]), ("aggregate", false.into())]).await;
    assert_eq!(
        texts(state.unwrap().attribute("ipv4_prefixes")),
        ["20.38.0.0/25", "20.38.0.128/25"]
    );
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_location_chooses_the_regional_form() {
    let path = scratch("location");
    fs::write(&path, SMALL).unwrap();
    let (state, _) = service_tag(&path, &[tags(&["AzureCloud"]), ("location", "Norway East".into())]).await;
    let tag = state.unwrap().attribute("by_tag").attribute("AzureCloud").clone();
    assert_eq!(
        (tag.attribute("name").as_str(), tag.attribute("region").as_str()),
        (Some("AzureCloud.norwaye"), Some("norwayeast"))
    );
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn what_changed_leads_from_the_previous_list_to_this_one() {
    let (before, after) = (scratch("before"), scratch("after"));
    fs::write(&before, SMALL).unwrap();
    fs::write(
        &after,
        SMALL
            .replace(": 7", ": 8")
            .replace(r#""20.38.0.128/25", "2603"#, r#""20.38.2.0/24", "2603"#),
    )
    .unwrap();
    let previous = ("previous_file", Value::from(before.to_str().unwrap()));
    let (state, report) = service_tag(&after, &[tags(&["Storage", "AzureActiveDirectory"]), previous]).await;
    let state = state.unwrap();
    assert_eq!(report, "");
    assert_eq!(state.attribute("previous_change_number"), &Value::from(7));
    // Aggregated, /24 was one prefix before and only its first half is left now. Entra did not change.
    assert_eq!(
        texts(state.attribute("added").attribute("Storage")),
        ["20.38.0.0/25", "20.38.2.0/24"]
    );
    assert_eq!(texts(state.attribute("removed").attribute("Storage")), ["20.38.0.0/24"]);
    assert_eq!(state.attribute("added").as_map().unwrap().len(), 1);

    let newer = ("previous_file", Value::from(after.to_str().unwrap()));
    let (_, report) = service_tag(&before, &[tags(&["Storage"]), newer]).await;
    assert!(report.starts_with("warning at previous_file"), "{report}");
    fs::remove_file(&before).unwrap();
    fs::remove_file(&after).unwrap();
}

#[tokio::test]
async fn refusals_point_at_the_argument_and_lenience_warns() {
    let path = scratch("lenience");
    fs::write(&path, SMALL).unwrap();
    let mut all = String::new();
    for (story, entries) in [
        ("a misspelt tag", vec![tags(&["Sotrage"])]),
        (
            "a misspelt tag, let pass",
            vec![tags(&["Sotrage"]), ("strict", false.into())],
        ),
        (
            "a tag of other clouds",
            vec![tags(&["SystemServiceAzureSpringAppsResourceProvider"])],
        ),
        ("a tag without addresses", vec![tags(&["VirtualNetwork"])]),
        (
            "no regional form",
            vec![tags(&["AzureActiveDirectory"]), ("location", "westeurope".into())],
        ),
        (
            "no regional form, let pass",
            vec![
                tags(&["AzureActiveDirectory"]),
                ("location", "westeurope".into()),
                ("strict", false.into()),
            ],
        ),
        (
            "an unknown location",
            vec![tags(&["Storage"]), ("location", "westeruope".into())],
        ),
        (
            "a location newer than the provider",
            vec![
                tags(&["Storage"]),
                ("location", "Far North".into()),
                ("strict", false.into()),
            ],
        ),
        (
            "a location of another cloud",
            vec![tags(&["Storage"]), ("location", "chinaeast2".into())],
        ),
        (
            "another cloud",
            vec![tags(&["Storage"]), ("environment", "china".into())],
        ),
        ("no cloud", vec![tags(&["Storage"]), ("environment", "mars".into())]),
        ("no tags", vec![tags(&[])]),
        ("not a tag", vec![tags(&["Storage West Europe"])]),
        ("an invalid prefix", vec![tags(&["AzureKeyVault"])]),
        (
            "a missing feature",
            vec![
                tags(&["AzureCloud"]),
                ("required_network_features", Value::string_set(["NSG", "UDR"])),
            ],
        ),
        (
            "an unknown feature",
            vec![
                tags(&["AzureCloud"]),
                ("required_network_features", Value::string_set(["Firewall"])),
            ],
        ),
        ("an empty path", vec![tags(&["Storage"]), ("previous_file", "".into())]),
        ("no file", vec![tags(&["Storage"]), ("path", "elsewhere.json".into())]),
    ] {
        let (_, report) = service_tag(&path, &entries).await;
        all.push_str(&format!("# {story}\n{report}"));
    }
    insta::assert_snapshot!(all);
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn what_lenience_lets_pass_has_no_addresses_or_those_of_the_whole_cloud() {
    let path = scratch("lenient");
    fs::write(&path, SMALL).unwrap();
    let lenient = ("strict", Value::from(false));
    let unknown = service_tag(&path, &[tags(&["Sotrage"]), lenient.clone()])
        .await
        .0
        .unwrap();
    assert!(
        unknown
            .attribute("by_tag")
            .attribute("Sotrage")
            .attribute("name")
            .is_null()
    );
    assert_eq!(texts(unknown.attribute("ipv4_prefixes")), [""; 0]);
    let place = ("location", Value::from("westeurope"));
    let whole = service_tag(&path, &[tags(&["AzureActiveDirectory"]), place, lenient])
        .await
        .0
        .unwrap();
    assert_eq!(texts(whole.attribute("ipv4_prefixes")), ["13.64.151.161/32"]);
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn nothing_is_wrong_with_what_is_not_known_yet() {
    let provider = Lockeddown::new(|_| None);
    for (name, required) in [
        ("lockeddown_service_tag", ["path", "tags"].as_slice()),
        ("lockeddown_region", &["location"]),
    ] {
        let sources = provider.data_sources();
        let source = sources.iter().find(|source| source.name() == name).unwrap();
        let schema = source.schema();
        for attribute in schema.block.attributes.keys() {
            let mut entries = config(&provider, name, &[]);
            for required in required {
                entries.set_attribute(
                    *required,
                    if *required == "tags" {
                        Value::string_set(["Storage"])
                    } else {
                        "westeurope".into()
                    },
                );
            }
            entries.set_attribute(attribute.as_str(), Value::UNKNOWN);
            let mut diagnostics = Diagnostics::default();
            source.validate(&entries, &call(), &mut diagnostics).await;
            assert_eq!(report(&diagnostics), "", "{name}: {attribute}");
        }
    }
}

#[tokio::test]
async fn a_region_says_when_it_has_no_pair() {
    let read = async |location: &str| {
        read_with(&[], "lockeddown_region", &[("location", location.into())])
            .await
            .0
            .unwrap()
    };
    let norway = read("Norway East").await;
    for (name, value) in [
        ("name", "norwayeast"),
        ("display_name", "Norway East"),
        ("cloud", "public"),
        ("paired_region", "norwaywest"),
        ("service_tag_suffix", "NorwayEast"),
        ("azure_cloud_tag", "AzureCloud.norwaye"),
    ] {
        assert_eq!(norway.attribute(name).as_str(), Some(value), "{name}");
    }
    let poland = read("polandcentral").await;
    assert_eq!(
        (poland.attribute("has_pair"), poland.attribute("paired_region")),
        (&Value::Bool(false), &Value::Null)
    );
    // A region can exist before its tags.
    assert!(read("denmarkeast").await.attribute("azure_cloud_tag").is_null());
}

#[tokio::test]
async fn the_cloud_of_a_region_is_the_providers_unless_it_is_said() {
    let china = [("location", Value::from("China East 2"))];
    let in_china = read_with(&[("ARM_ENVIRONMENT", "china")], "lockeddown_region", &china)
        .await
        .0
        .unwrap();
    assert_eq!(in_china.attribute("cloud").as_str(), Some("china"));
    let (_, report) = read_with(&[], "lockeddown_region", &china).await;
    let refusal = "error at location: Unknown location\n    `China East 2` is a location of the cloud `china`, not of `public`. Set \
                   `environment = \"china\"`.\n";
    assert_eq!(report, refusal);
}

#[tokio::test]
async fn the_file_must_be_of_the_providers_cloud() {
    let path = scratch("cloud");
    fs::write(&path, SMALL).unwrap();
    let entries = [("path", Value::from(path.to_str().unwrap())), tags(&["Storage"])];
    let (_, report) = read_with(&[("ARM_ENVIRONMENT", "china")], "lockeddown_service_tag", &entries).await;
    assert!(
        report.contains("is the file of the cloud `public`, but `china` is asked for"),
        "{report}"
    );
    fs::remove_file(&path).unwrap();
}
