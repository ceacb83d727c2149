//! A landing zone in which everything happens that a report has a word for.

use lockeddown::provider::Lockeddown;
use lockeddown::report::model::Report;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Provider},
    value::{Dynamic, Type, Value},
};

/// Reads a data source. The text is what went wrong.
pub(crate) async fn read(name: &str, entries: &[(&str, Value)]) -> Result<Value, String> {
    let call = Call {
        cancel: Default::default(),
        write_only_attributes_allowed: true,
        stores_planned_private: false,
    };
    let sources = Lockeddown::new(|_| None).data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    let attributes = source.schema().block.attributes;
    let mut config = Value::object(attributes.keys().map(|name| (name.as_str(), Value::Null)));
    for (name, value) in entries {
        config.set_attribute(*name, value.clone());
    }
    let mut diagnostics = Diagnostics::default();
    let state = source.read(config, &call, &mut diagnostics).await;
    state.ok_or_else(|| {
        let said = diagnostics.iter().map(|said| {
            let path = said.path.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{path}: {}", said.detail)
        });
        said.collect::<Vec<_>>().join("\n")
    })
}

pub(crate) fn texts(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

fn rule(entries: &[(&'static str, Value)]) -> Value {
    Value::object(entries.iter().map(|(name, value)| (*name, value.clone())))
}

/// The policy of a workload.
pub(crate) async fn policy(workload: &str, entries: &[(&str, Value)]) -> Value {
    let mut all = vec![("location", Value::from("westeurope")), ("edition", "2026-08".into())];
    all.extend(entries.iter().cloned());
    let state = read(&format!("lockeddown_{workload}"), &all).await.unwrap();
    state.attribute("policy").clone()
}

/// A verification's `report_json`.
pub(crate) async fn verified(name: &str, policies: Vec<Value>, more: &[(&str, Value)]) -> String {
    let mut entries = vec![("name", Value::from(name)), ("policies", Value::List(policies))];
    entries.extend(more.iter().cloned());
    let state = read("lockeddown_verification", &entries).await.unwrap();
    state.attribute("report_json").as_str().unwrap().to_owned()
}

fn flow(peer: &str, port: &str) -> Value {
    let names = ["direction", "protocol", "local", "source_port"];
    let mut flow = Value::object(names.map(|name| (name, Value::Null)));
    flow.set_attribute("peer", peer.into());
    flow.set_attribute("port", port.into());
    flow
}

async fn server(more: &[(&str, Value)]) -> Value {
    let mut entries = vec![
        ("role", "server".into()),
        ("subnet_address_prefixes", texts(&["10.0.0.0/28"])),
        ("node_address_prefixes", texts(&["10.0.1.0/24"])),
    ];
    entries.extend(more.iter().cloned());
    policy("cyclecloud_subnet", &entries).await
}

/// A server that does without Azure Monitor, opens more than it has to and says what must never leave.
pub(crate) async fn server_with_waivers() -> String {
    let open = rule(&[
        ("direction", "Outbound".into()),
        ("access", "Allow".into()),
        ("protocol", "Tcp".into()),
        ("destination_address_prefix", "203.0.113.0/24".into()),
        ("destination_port_range", "8443".into()),
    ]);
    let waived = [
        ("CC-SERVER-MONITOR", "Logs stay | on \"premises\" <ours> [a](b)"),
        ("CHECK-EXPOSURE-INTENDED", "The partner's portal"),
    ];
    let policy = server(&[
        ("extra_rules", Value::object([("partner_portal", open)])),
        (
            "waived_requirements",
            Value::object(waived.map(|(id, why)| (id, Value::from(why)))),
        ),
    ])
    .await;
    let forbidden = Value::object([("mail | out", flow("Internet", "25"))]);
    verified(
        "server",
        vec![policy],
        &[
            ("forbidden_flows", forbidden),
            ("source_uri", "network/server.tf".into()),
        ],
    )
    .await
}

/// The nodes of the same network, with a deny that takes a part of what they need.
pub(crate) async fn nodes_that_depend() -> String {
    let deny = rule(&[
        ("direction", "Outbound".into()),
        ("access", "Deny".into()),
        ("protocol", "*".into()),
        ("priority", 100_i64.into()),
        ("destination_address_prefix", "AzureKeyVault".into()),
    ]);
    let policy = policy(
        "cyclecloud_subnet",
        &[
            ("role", "node".into()),
            ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
            ("server_address_prefixes", texts(&["10.0.0.0/28"])),
            ("priority_base", 200_i64.into()),
            ("extra_rules", Value::object([("no-vaults", deny)])),
        ],
    )
    .await;
    verified("nodes", vec![policy], &[]).await
}

/// A server behind rules that somebody wrote: no deny, Azure Monitor forgotten, mail let out.
pub(crate) async fn server_by_hand() -> String {
    let allow = |priority: i64, tag: &str, port: &str| {
        rule(&[
            ("direction", "Outbound".into()),
            ("access", "Allow".into()),
            ("priority", priority.into()),
            ("protocol", "Tcp".into()),
            ("source_port_range", "*".into()),
            ("source_address_prefix", "*".into()),
            ("destination_port_range", port.into()),
            ("destination_address_prefix", tag.into()),
        ])
    };
    let deny = rule(&[
        ("direction", "Outbound".into()),
        ("access", "Deny".into()),
        ("priority", 4000_i64.into()),
        ("protocol", "*".into()),
        ("source_port_range", "*".into()),
        ("source_address_prefix", "*".into()),
        ("destination_port_range", "*".into()),
        ("destination_address_prefix", "AzureMonitor".into()),
    ]);
    let rules = Value::object([
        ("Storage", allow(100, "Storage", "443")),
        ("Mail", allow(110, "Internet", "25")),
        ("Mistyped", allow(120, "AzureMonitr", "443")),
        ("NoMonitor", deny),
    ]);
    let ty = Type::object(["Storage", "Mail", "Mistyped", "NoMonitor"].map(|name| {
        let texts = [
            "direction",
            "access",
            "protocol",
            "source_port_range",
            "source_address_prefix",
            "destination_port_range",
            "destination_address_prefix",
        ];
        let texts = texts.map(|name| (name, Type::String));
        (
            name,
            Type::object(texts.into_iter().chain([("priority", Type::Number)])),
        )
    }));
    let rules = Value::Dynamic(Box::new(Dynamic { ty, value: rules }));
    let forbidden = Value::object([("mail", flow("Internet", "25"))]);
    let required = Value::object([("time", flow("198.51.100.7", "123"))]);
    verified(
        "by hand",
        vec![server(&[]).await],
        &[
            ("security_rules", rules),
            ("forbidden_flows", forbidden),
            ("required_flows", required),
        ],
    )
    .await
}

/// Azure Machine Learning behind a firewall, with a license server beside it.
pub(crate) async fn machine_learning() -> String {
    let egress = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.9.0.4".into()),
    ]);
    let policy = policy(
        "aml_compute_egress",
        &[
            ("subnet_address_prefixes", texts(&["10.0.2.0/24"])),
            ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
            ("default_storage_account_name", "examplestorage".into()),
            ("python_packages", texts(&["pypi"])),
            ("egress", egress),
        ],
    )
    .await;
    verified("machine learning", vec![policy], &[]).await
}

/// What the report data source makes of them.
pub(crate) async fn reported(reports: &[&str], more: &[(&str, Value)]) -> Value {
    let reports = Value::List(reports.iter().map(|report| Value::from(*report)).collect());
    let mut entries = vec![("reports", reports), ("title", "HPC *landing* zone".into())];
    entries.extend(more.iter().cloned());
    read("lockeddown_verification_report", &entries).await.unwrap()
}

/// The small zone, whose forms are snapshots.
pub(crate) async fn zone() -> Value {
    let (server, nodes, by_hand) = (
        server_with_waivers().await,
        nodes_that_depend().await,
        server_by_hand().await,
    );
    reported(&[&server, &nodes, &by_hand], &[]).await
}

pub(crate) fn output(state: &Value, name: &str) -> String {
    state.attribute(name).as_str().unwrap().to_owned()
}

pub(crate) fn parsed(text: &str) -> Report {
    Report::from_json(text).unwrap()
}
