//! Service tags that a file says the addresses of.

use tfplugin_rs::value::Value;

use super::{answers, dynamic, firewall::behind_a_firewall, flow, read, rule, server_policy};

/// A file in which two of the server's tags have addresses in common.
fn service_tag_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let tag = |name: &str, prefixes: &[&str]| serde_json::json!({ "name": name, "id": name, "properties": { "region": "", "networkFeatures": ["NSG"], "addressPrefixes": prefixes } });
    let content = serde_json::json!({
        "changeNumber": 1,
        "cloud": "Public",
        "values": [
            tag("Storage", &["20.60.0.0/16", "20.150.0.0/17"]),
            tag("AzureActiveDirectory", &["20.190.128.0/18", "2603:1006::/40"]),
            tag("AzureMonitor", &["20.42.0.0/24"]),
            tag("AzureResourceManager", &["20.42.0.128/25", "40.79.0.0/24"]),
            tag("AzureKeyVault", &["20.60.0.0/24"]),
        ],
    });
    std::fs::write(file.path(), content.to_string()).unwrap();
    file
}

#[tokio::test]
async fn with_a_service_tag_file_nothing_depends_on_whether_tags_overlap() {
    let rules = |destination: &str| {
        Value::object([
            ("no-vault", rule("Deny", 100, destination, "*")),
            ("AllowStorage", rule("Allow", 110, "Storage", "443")),
            ("BlockOutbound", rule("Deny", 4000, "Internet", "*")),
        ])
    };
    let required = Value::object([(
        "storage",
        flow(&[("peer", "Storage"), ("port", "443"), ("local", "10.0.0.0/24")]),
    )]);
    let entries = |destination: &str| {
        vec![
            ("security_rules", dynamic(rules(destination))),
            ("required_flows", required.clone()),
        ]
    };
    let by_name = read("lockeddown_verification", &entries("AzureKeyVault"))
        .await
        .unwrap();
    assert_eq!(by_name.attribute("verdict").as_str(), Some("depends_on"));
    let file = service_tag_file();
    let path = file.path().to_str().unwrap();
    for (destination, verdict) in [("AzureKeyVault", "refuted"), ("AzureMonitor", "proven")] {
        let mut entries = entries(destination);
        entries.push(("service_tag_file", path.into()));
        let state = read("lockeddown_verification", &entries).await.unwrap();
        assert_eq!(
            state.attribute("verdict").as_str(),
            Some(verdict),
            "{}",
            answers(&state)
        );
    }
    // Hosts have the addresses of the tag that covers them.
    let policies = Value::List(vec![server_policy().await]);
    let entries = [("policies", policies), ("service_tag_file", path.into())];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );
}

#[tokio::test]
async fn a_workload_proves_itself_with_the_addresses_of_its_file() {
    let deny = Value::object([
        ("direction", Value::from("Outbound")),
        ("access", "Deny".into()),
        ("protocol", "*".into()),
        ("priority", 100_i64.into()),
        ("destination_address_prefix", "20.42.0.0/25".into()),
    ]);
    let entries = |file: Option<&str>| {
        vec![
            ("role", Value::from("server")),
            ("location", "westeurope".into()),
            ("edition", "2026-08".into()),
            ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
            ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
            ("priority_base", 200_i64.into()),
            ("extra_rules", Value::object([("no-monitor", deny.clone())])),
            ("service_tag_file", file.map(str::to_owned).into()),
        ]
    };
    let by_name = read("lockeddown_cyclecloud_subnet", &entries(None)).await.unwrap();
    assert_eq!(
        by_name.attribute("proof").attribute("verdict").as_str(),
        Some("depends_on")
    );
    let file = service_tag_file();
    let refused = read("lockeddown_cyclecloud_subnet", &entries(file.path().to_str()))
        .await
        .unwrap_err();
    assert!(
        refused.contains("CC-SERVER-MONITOR needs TCP 443 to `AzureMonitor`"),
        "{refused}"
    );
    assert!(!refused.contains("AzureResourceManager"), "{refused}");
    let refused = read("lockeddown_cyclecloud_subnet", &entries(Some("/nowhere.json")))
        .await
        .unwrap_err();
    assert!(
        refused.contains("service_tag_file: `/nowhere.json` cannot be read"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_service_tag_file_is_of_the_cloud_and_for_every_tag() {
    let file = service_tag_file();
    let path = file.path().to_str().unwrap();
    let entries = [
        ("role", Value::from("server")),
        ("location", "chinaeast2".into()),
        ("environment", "china".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
    ];
    let state = read("lockeddown_cyclecloud_subnet", &entries).await.unwrap();
    let entries = [
        ("policies", Value::List(vec![state.attribute("policy").clone()])),
        ("service_tag_file", path.into()),
    ];
    let refused = read("lockeddown_verification", &entries).await.unwrap_err();
    assert!(
        refused.starts_with("service_tag_file: ") && refused.contains("the file of the cloud `public`"),
        "{refused}"
    );
    // A firewall rule of a tag, asked for by an address; and a route.
    let required = |peer: &str| {
        let names = [("peer", peer), ("port", "443"), ("local", "10.0.0.0/24")];
        let mut one = flow(&[]);
        for (name, text) in names {
            one.set_attribute(name, text.into());
        }
        ("required_flows", Value::object([("storage", one)]))
    };
    let verdict = async |more: &[(&'static str, Value)], file: Option<&str>| {
        let mut entries = behind_a_firewall(more);
        entries.push(("service_tag_file", file.map(str::to_owned).into()));
        let state = read("lockeddown_verification", &entries).await.unwrap();
        state.attribute("verdict").as_str().unwrap().to_owned()
    };
    let of_storage = required("20.60.1.0/24");
    assert_eq!(verdict(std::slice::from_ref(&of_storage), None).await, "depends_on");
    assert_eq!(verdict(std::slice::from_ref(&of_storage), Some(path)).await, "proven");
    let routes = Value::object([
        (
            "default",
            Value::object([
                ("address_prefix", Value::from("0.0.0.0/0")),
                ("next_hop_type", "None".into()),
            ]),
        ),
        (
            "storage",
            Value::object([
                ("address_prefix", Value::from("Storage")),
                ("next_hop_type", "Internet".into()),
            ]),
        ),
    ]);
    let by_route = [of_storage, ("routes", dynamic(routes))];
    assert_eq!(verdict(&by_route, None).await, "depends_on");
    assert_eq!(verdict(&by_route, Some(path)).await, "proven");
}
