//! `lockeddown_requirements` and `lockeddown_edition_diff` as Terraform meets them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use lockeddown::{
    provider::Lockeddown,
    requirements::{self, Edition},
};
use tfplugin_rs::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    provider::{Call, Configuration, Provider},
    value::{Dynamic, Type, Value, msgpack},
};

type Entries<'a> = &'a [(&'static str, Value)];

fn call() -> Call {
    Call {
        cancel: Default::default(),
        write_only_attributes_allowed: true,
        stores_planned_private: false,
    }
}

fn report(diagnostics: &Diagnostics) -> String {
    let line = |diagnostic: &Diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
        // The list of workloads grows.
        let detail = diagnostic
            .detail
            .split(": there are `cyclecloud_subnet`")
            .next()
            .unwrap();
        format!("{severity} at {path}: {}\n    {detail}\n", diagnostic.summary)
    };
    diagnostics.iter().map(line).collect()
}

/// Validates, and reads if that went well, in a provider with this configuration. The result has been over the wire.
async fn read_with(block: Entries<'_>, name: &str, entries: Entries<'_>) -> (Option<Value>, String) {
    let provider = Lockeddown::new(|_| None);
    let mut diagnostics = Diagnostics::default();
    let settings = provider.schema().block.attributes.into_keys();
    let mut config = Value::object(settings.map(|name| (name, Value::Null)));
    for (name, value) in block {
        config.set_attribute(*name, value.clone());
    }
    let configuration = Configuration {
        config,
        terraform_version: "1.15.0".into(),
    };
    provider.configure(configuration, &mut diagnostics).await;
    let sources = provider.data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    let attributes = source.schema().block.attributes;
    let mut config = Value::object(attributes.keys().map(|name| (name.as_str(), Value::Null)));
    for (name, value) in entries {
        config.set_attribute(*name, value.clone());
    }
    source.validate(&config, &call(), &mut diagnostics).await;
    if diagnostics.has_errors() {
        return (None, report(&diagnostics));
    }
    // What is computed and not set is unknown when core reads.
    for (name, attribute) in attributes {
        if attribute.is_computed() && config.attribute(&name).is_null() {
            config.set_attribute(name, Value::UNKNOWN);
        }
    }
    let state = source.read(config, &call(), &mut diagnostics).await;
    assert_eq!(state.is_none(), diagnostics.has_errors());
    let ty = source.schema().ty();
    let state = state.map(|state| msgpack::decode(&msgpack::encode(&state, &ty).unwrap(), &ty).unwrap());
    assert!(state.as_ref().is_none_or(Value::is_wholly_known));
    (state, report(&diagnostics))
}

async fn select(entries: Entries<'_>) -> Value {
    let (state, report) = read_with(&[], "lockeddown_requirements", entries).await;
    assert_eq!(report, "");
    state.unwrap().attribute("requirements").clone()
}

fn ids(requirements: &Value) -> Vec<&str> {
    requirements.as_map().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_row_says_everything_its_document_says() {
    let rows = select(&[("ids", Value::string_set(["CC-SERVER-STORAGE"]))]).await;
    let row = rows.attribute("CC-SERVER-STORAGE");
    for (name, value) in [
        ("id", "CC-SERVER-STORAGE"),
        ("system", "cyclecloud"),
        ("kind", "flow"),
        ("initiator", "server"),
        ("direction", "Outbound"),
        ("protocol", "Tcp"),
        ("peer", "Storage"),
        ("peer_type", "service_tag"),
        ("rule_name", "AllowAzureStorage"),
        ("from_edition", "2020-07"),
        ("status", "documented"),
        ("purpose", "CycleCloud server to Azure Storage"),
        (
            "condition",
            "contains([\"service_endpoint\", \"service_tag\"], storage_access)",
        ),
        (
            "citation",
            "Operating in a locked down network (2020-02-26), “Configuring an Azure Network Security Group for the CycleCloud VM”",
        ),
    ] {
        assert_eq!(row.attribute(name).as_str(), Some(value), "{name}");
    }
    assert_eq!(row.attribute("ports"), &Value::string_set(["443"]));
    assert_eq!(row.attribute("priority"), &Value::from(100));
    assert!(row.attribute("until_edition").is_null() && row.attribute("remedy").is_null());
}

#[tokio::test]
async fn every_argument_narrows_the_selection() {
    let all = select(&[]).await;
    let newest = requirements::systems().flat_map(|system| {
        let catalogue = requirements::catalogue(system).unwrap();
        catalogue.of_edition(Edition::newest())
    });
    let in_public = newest.filter(|row| row.peers.is_empty() || row.peers.contains_key("public"));
    let environment = |row: &&requirements::Requirement| match row.when.get("environment") {
        Some(requirements::Condition::Text(word)) => word == "public",
        Some(requirements::Condition::AnyOf(words)) => words.contains(&"public".to_owned()),
        _ => true,
    };
    assert_eq!(ids(&all).len(), in_public.filter(environment).count());

    let system = select(&[("system", "cyclecloud".into())]).await;
    let flows = [("system", Value::from("cyclecloud")), ("kind", "flow".into())];
    let narrower = select(&flows).await;
    let settings = Value::object([
        ("role", Value::from("node")),
        ("connection_mode", "return_proxy".into()),
    ]);
    let narrowest = select(&[flows[0].clone(), flows[1].clone(), ("settings", settings)]).await;
    assert!(ids(&all).len() > ids(&system).len());
    assert!(ids(&system).len() > ids(&narrower).len());
    assert!(ids(&narrower).len() > ids(&narrowest).len());
    assert!(ids(&narrowest).contains(&"CC-NODE-PROXY-HTTPS"));
    assert!(
        !ids(&narrowest).contains(&"CC-NODE-SERVER-HTTPS"),
        "9443 is direct mode's"
    );
}

#[tokio::test]
async fn edition_and_cloud_are_the_providers_unless_said() {
    let block = [("edition", Value::from("2020-07")), ("environment", "china".into())];
    let (state, report) = read_with(&block, "lockeddown_requirements", &[]).await;
    assert_eq!(report, "");
    let state = state.unwrap();
    assert_eq!(state.attribute("edition").as_str(), Some("2020-07"));
    assert_eq!(state.attribute("environment").as_str(), Some("china"));
    let (state, _) = read_with(&block, "lockeddown_requirements", &[("edition", "2011".into())]).await;
    let state = state.unwrap();
    assert_eq!(state.attribute("edition").as_str(), Some("2011"));
    assert!(
        ids(state.attribute("requirements"))
            .iter()
            .all(|id| !id.starts_with("CC-"))
    );
}

#[tokio::test]
async fn a_default_of_the_provider_that_is_not_known_yet_is_not_guessed() {
    let block = [("edition", Value::UNKNOWN), ("environment", Value::UNKNOWN)];
    let mut report = String::new();
    let (workload, from, inputs) = (Value::from("cyclecloud_subnet"), Value::from("2020-07"), node());
    for (name, asked) in [
        ("lockeddown_requirements", vec![]),
        ("lockeddown_requirements", vec![("edition", Value::from("2020-07"))]),
        (
            "lockeddown_edition_diff",
            vec![("workload", workload), ("from_edition", from), inputs],
        ),
        (
            "lockeddown_cyclecloud_subnet",
            vec![
                ("role", "jump_host".into()),
                ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
                ("location", "westeurope".into()),
                ("environment", "public".into()),
            ],
        ),
    ] {
        let (state, said) = read_with(&block, name, &asked).await;
        assert!(state.is_none(), "{name}");
        report.push_str(&format!("{name}\n{said}\n"));
    }
    insta::assert_snapshot!(report);
    let said = [("edition", Value::from("2020-07")), ("environment", "china".into())];
    let (state, report) = read_with(&block, "lockeddown_requirements", &said).await;
    assert!(state.is_some(), "{report}");
}

#[tokio::test]
async fn a_row_of_another_edition_is_missed_aloud() {
    let asked = [
        ("ids", Value::string_set(["CC-SERVER-STORAGE"])),
        ("edition", "2011".into()),
    ];
    let (state, report) = read_with(&[], "lockeddown_requirements", &asked).await;
    assert!(ids(state.unwrap().attribute("requirements")).is_empty());
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn what_the_catalogue_does_not_have_is_refused() {
    let asked = [
        ("system", Value::from("cyclclod")),
        ("kind", "flows".into()),
        ("edition", "2021".into()),
        ("environment", "mars".into()),
        ("ids", Value::string_set(["CC-SERVER-STORAG"])),
        (
            "settings",
            Value::object([
                ("rol", Value::from("server")),
                ("role", "servr".into()),
                ("storage_smb_enabled", "yes".into()),
                ("egress_type", "firewal".into()),
                ("cyclecloud_version", "8".into()),
                ("manager_type", "explicit".into()),
            ]),
        ),
    ];
    let (state, report) = read_with(&[], "lockeddown_requirements", &asked).await;
    assert!(state.is_none());
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn a_number_that_no_requirement_speaks_of_is_refused() {
    let version = |number: &str| [("settings", Value::object([("cyclecloud_version", Value::from(number))]))];
    for known in ["7", "8"] {
        let (state, report) = read_with(&[], "lockeddown_requirements", &version(known)).await;
        assert!(state.is_some(), "{report}");
    }
    let (state, report) = read_with(&[], "lockeddown_requirements", &version("9")).await;
    assert!(state.is_none());
    assert!(
        report.contains("`cyclecloud_version` is never `9`: it is one of `7`, `8`."),
        "{report}"
    );
}

#[tokio::test]
async fn what_is_wrong_in_every_cloud_is_said_of_the_one_that_has_the_place() {
    let mut place = inputs(&[("default_storage_account_name", "Not_An_Account".into())]);
    if let Value::Dynamic(dynamic) = &mut place.1 {
        dynamic.value.set_attribute("location", "usgovvirginia".into());
    }
    let asked = [
        ("workload", Value::from("aml_compute_egress")),
        ("from_edition", "2022-10".into()),
        place,
    ];
    let (state, report) = read_with(
        &[("environment", "usgovernment".into())],
        "lockeddown_edition_diff",
        &asked,
    )
    .await;
    assert!(state.is_none());
    assert!(
        report.contains("`inputs.default_storage_account_name`") && !report.contains("location"),
        "{report}"
    );
}

fn inputs(entries: Entries<'_>) -> (&'static str, Value) {
    let mut inputs = Value::object([("location", Value::from("westeurope"))]);
    for (name, value) in entries {
        inputs.set_attribute(*name, value.clone());
    }
    let types = inputs.as_map().unwrap().iter().map(|(name, value)| {
        let ty = match value {
            Value::List(_) => Type::list(Type::String),
            _ => Type::String,
        };
        (name.clone(), ty)
    });
    let ty = Type::object(types);
    (
        "inputs",
        Value::Dynamic(Box::new(Dynamic {
            ty,
            value: inputs.clone(),
        })),
    )
}

fn node() -> (&'static str, Value) {
    inputs(&[
        ("role", "node".into()),
        ("server_address_prefixes", Value::List(vec!["10.0.0.0/28".into()])),
        // Put aside: the editions are the data source's own arguments.
        ("edition", "2020-07".into()),
    ])
}

#[tokio::test]
async fn an_edition_is_the_same_as_itself() {
    let asked = [
        ("workload", "cyclecloud_subnet".into()),
        ("from_edition", "2026-08".into()),
        node(),
    ];
    let (state, report) = read_with(&[], "lockeddown_edition_diff", &asked).await;
    let state = state.unwrap();
    assert_eq!(report.matches("error").count(), 0, "{report}");
    assert_eq!(state.attribute("to_edition").as_str(), Some("2026-08"));
    assert_eq!(state.attribute("summary"), &Value::List(vec![]));
    assert_eq!(state.attribute("changed_outputs"), &Value::List(vec![]));
}

#[tokio::test]
async fn both_directions_say_the_opposite() {
    let asked = |from: &str, to: &str| {
        [
            ("workload", Value::from("cyclecloud_subnet")),
            ("from_edition", from.into()),
            ("to_edition", to.into()),
            node(),
        ]
    };
    let (forth, _) = read_with(&[], "lockeddown_edition_diff", &asked("2020-07", "2026-08")).await;
    let (back, _) = read_with(&[], "lockeddown_edition_diff", &asked("2026-08", "2020-07")).await;
    let (forth, back) = (forth.unwrap(), back.unwrap());
    for part in [
        "security_rules",
        "hosts",
        "prerequisites",
        "requirement_ids",
        "service_endpoints",
    ] {
        assert_eq!(
            forth.attribute(part).attribute("added"),
            back.attribute(part).attribute("removed"),
            "{part}"
        );
        assert_eq!(
            forth.attribute(part).attribute("removed"),
            back.attribute(part).attribute("added"),
            "{part}"
        );
    }
    // The current document says where nodes stand; the one of 2020 does not.
    let prerequisites = forth.attribute("prerequisites").attribute("added");
    assert!(prerequisites.as_map().unwrap().contains_key("CC-SUBNETS-SEPARATE"));
    let summary = forth.attribute("summary").as_list().unwrap();
    assert!(summary.contains(&"+ prerequisite CC-SUBNETS-SEPARATE".into()));
    let outputs = forth.attribute("changed_outputs").as_list().unwrap();
    assert!(outputs.contains(&"prerequisites".into()) && outputs.contains(&"requirement_ids".into()));
}

#[tokio::test]
async fn a_rule_that_was_narrowed_shows_before_and_after() {
    let asked = [
        ("workload", Value::from("aml_attached_compute_ingress")),
        ("from_edition", "2020-07".into()),
        inputs(&[("compute_type", "virtual_machine".into())]),
    ];
    let (state, _) = read_with(&[], "lockeddown_edition_diff", &asked).await;
    let state = state.unwrap();
    // The document of 2020 opens port 22 for any protocol; SSH is TCP.
    let changed = state.attribute("security_rules").attribute("changed");
    let rule = changed.attribute("AllowAzureMachineLearningSshInbound");
    assert_eq!(rule.attribute("before").attribute("protocol").as_str(), Some("*"));
    assert_eq!(rule.attribute("after").attribute("protocol").as_str(), Some("Tcp"));
    let attributes = rule.attribute("attributes").as_list().unwrap();
    assert!(attributes.contains(&"protocol".into()) && !attributes.contains(&"priority".into()));
    let replaced = state.attribute("requirement_ids").attribute("replaced");
    assert_eq!(replaced.attribute("AML-VM-SSH-ANY").as_str(), Some("AML-VM-SSH"));
    let summary = state.attribute("summary").as_list().unwrap();
    assert!(
        summary
            .iter()
            .any(|line| line.as_str().unwrap().contains("protocol `*` to `Tcp`")),
        "{summary:?}"
    );
}

#[tokio::test]
async fn what_one_edition_refuses_is_said_with_the_edition() {
    let mut report = String::new();
    for asked in [
        [
            ("workload", Value::from("cyclecloud_subnt")),
            ("from_edition", "2020-07".into()),
            node(),
        ],
        [
            ("workload", "cyclecloud_subnet".into()),
            ("from_edition", "2011".into()),
            node(),
        ],
        [
            ("workload", "cyclecloud_subnet".into()),
            ("from_edition", "1999".into()),
            node(),
        ],
        [
            ("workload", "cyclecloud_subnet".into()),
            ("from_edition", "2020-07".into()),
            ("inputs", "node".into()),
        ],
        [
            ("workload", "cyclecloud_subnet".into()),
            ("from_edition", "2020-07".into()),
            inputs(&[("role", "nod".into())]),
        ],
    ] {
        let (state, said) = read_with(&[], "lockeddown_edition_diff", &asked).await;
        assert!(state.is_none());
        report.push_str(&said);
        report.push('\n');
    }
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn unknown_inputs_are_no_error_at_validate() {
    let provider = Lockeddown::new(|_| None);
    let sources = provider.data_sources();
    for name in ["lockeddown_requirements", "lockeddown_edition_diff"] {
        let source = sources.iter().find(|source| source.name() == name).unwrap();
        let attributes = source.schema().block.attributes;
        let config = attributes
            .into_iter()
            .map(|(name, attribute)| match attribute.is_configurable() {
                true => (name, Value::UNKNOWN),
                false => (name, Value::Null),
            });
        let mut diagnostics = Diagnostics::default();
        source.validate(&Value::object(config), &call(), &mut diagnostics).await;
        assert_eq!(report(&diagnostics), "", "{name}");
    }
}
