//! Rules and routes that somebody wrote.

use tfplugin_rs::value::Value;

use super::{answers, dynamic, flow, read, rule, server_policy};

#[tokio::test]
async fn rules_written_by_hand_are_held_against_the_requirements() {
    let rules = Value::object([
        ("AllowStorage", rule("Allow", 100, "Storage", "443")),
        (
            "AllowRegistry",
            rule("Allow", 101, "ContainerRegistry.WestEurope", "443"),
        ),
        ("AllowWeb", rule("Allow", 102, "Internet", "80")),
        ("BlockOutbound", rule("Deny", 4000, "Internet", "*")),
    ]);
    let forbidden = Value::object([
        ("mail", flow(&[("peer", "Internet"), ("port", "25")])),
        ("plain web", flow(&[("peer", "Internet"), ("port", "80")])),
    ]);
    let state = read(
        "lockeddown_verification",
        &[
            ("policies", Value::List(vec![server_policy().await])),
            ("security_rules", dynamic(rules)),
            ("forbidden_flows", forbidden),
        ],
    )
    .await
    .unwrap();
    insta::assert_snapshot!("by_hand", answers(&state));
}

#[tokio::test]
async fn a_second_group_must_let_it_pass_too() {
    let at_the_interface = Value::object([("nothing", rule("Deny", 100, "*", "*"))]);
    let entries = [
        ("policies", Value::List(vec![server_policy().await])),
        ("network_interface_security_rules", dynamic(at_the_interface)),
    ];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_where_it_is_written() {
    let entries = [
        (
            "security_rules",
            Value::object([("broken", rule("Allow", 100, "10.0.0.0/33", "443"))]),
        ),
        ("outbound_method", "nat".into()),
        (
            "required_flows",
            Value::object([("web", flow(&[("peer", "Internet"), ("port", "http")]))]),
        ),
    ];
    insta::assert_snapshot!(
        "unreadable",
        read("lockeddown_verification", &entries).await.unwrap_err()
    );
}

/// Rules and routes of which Azure refuses one: whichever stands first in the list would decide.
#[tokio::test]
async fn what_cannot_stand_in_one_table_or_group_is_an_error_in_any_order() {
    let named = |name: &str, mut rule: Value| {
        rule.set_attribute("name", name.into());
        rule
    };
    let route = |name: &str, destination: &str, hop: &str| {
        Value::object([
            ("name", Value::from(name)),
            ("address_prefix", destination.into()),
            ("next_hop_type", hop.into()),
        ])
    };
    let refused = |argument: &'static str, mut entries: Vec<Value>| async move {
        let first = read("lockeddown_verification", &[(argument, Value::List(entries.clone()))]).await;
        entries.reverse();
        let second = read("lockeddown_verification", &[(argument, Value::List(entries))]).await;
        assert!(second.is_err(), "the order decides");
        first.unwrap_err()
    };
    let rules = vec![
        named("allow", rule("Allow", 100, "Storage", "443")),
        named("deny", rule("Deny", 100, "Storage", "*")),
    ];
    for argument in ["security_rules", "network_interface_security_rules"] {
        assert_eq!(
            refused(argument, rules.clone()).await,
            format!(
                "{argument}: the rules `allow` and `deny` both have priority `100` Outbound, and Azure has each priority once per direction: give one \
                 of them another `priority`."
            )
        );
    }
    let routes = vec![
        route("out", "0.0.0.0/0", "Internet"),
        route("nowhere", "0.0.0.0/0", "None"),
    ];
    assert_eq!(
        refused("routes", routes).await,
        "routes: the routes `out` and `nowhere` both lead to `0.0.0.0/0`, and Azure has each destination once in a table: remove one."
    );
    let routes = vec![route("storage", "Storage", "Internet"), route("Storage", "Sql", "None")];
    assert_eq!(
        refused("routes", routes).await,
        "routes: two routes are named `Storage`, and Azure has each name once in a table, without case: rename one."
    );
    for tag in ["Internet", "VirtualNetwork"] {
        assert_eq!(
            refused("routes", vec![route("tag", tag, "None")]).await,
            format!(
                "routes: route `tag`: `address_prefix` is `{tag}`, which Azure takes in security rules only: write the prefixes that are meant."
            )
        );
    }
}

#[tokio::test]
async fn a_peer_that_is_nothing_is_an_error_and_a_wrong_tag_of_a_rule_is_named() {
    let policies = || async { Value::List(vec![server_policy().await]) };
    for argument in ["required_flows", "forbidden_flows"] {
        let flows = Value::object([("storage", flow(&[("peer", "Storge"), ("port", "443")]))]);
        let refused = read(
            "lockeddown_verification",
            &[("policies", policies().await), (argument, flows)],
        )
        .await
        .unwrap_err();
        assert_eq!(
            refused,
            format!(
                "{argument}[\"storage\"]: `peer` is `Storge`, which is no service tag of the cloud `public` as far as this release knows (did you mean \
                 `Storage`?), and no host that a policy names: write a tag, such a host, or address prefixes."
            )
        );
    }
    let flows = Value::object([("entra", flow(&[("peer", "login.microsoftonline.com"), ("port", "443")]))]);
    let state = read(
        "lockeddown_verification",
        &[("policies", policies().await), ("required_flows", flows)],
    )
    .await
    .unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );

    let rules = Value::object([
        ("registry", rule("Allow", 100, "ContainerRegistry.WestEurope", "443")),
        ("batch", rule("Allow", 101, "BatchNodeManagement.uswest", "443")),
        ("case", rule("Allow", 102, "storage.westeurope", "443")),
    ]);
    let state = read("lockeddown_verification", &[("security_rules", dynamic(rules))])
        .await
        .unwrap();
    let said = answers(&state);
    for meant in [
        "SecurityRuleInvalidAddressPrefix. Write `AzureContainerRegistry.WestEurope`, if that is meant.",
        "SecurityRuleInvalidAddressPrefix. Write `BatchNodeManagement.WestUS`, if that is meant.",
    ] {
        assert!(said.contains(meant), "{said}");
    }
    assert!(
        !said.contains("names `storage.westeurope`"),
        "Azure compares tags without case: {said}"
    );
}

type Rules<'r> = &'r [(&'static str, Value)];

/// A group that denies everything stops neither DNS nor the metadata of machines; the platform's own tags do.
#[tokio::test]
async fn what_the_platform_answers_passes_but_for_its_own_tags() {
    let everything = |more: &[(&'static str, Value)]| {
        let mut rules = vec![
            ("DenyAll", rule("Deny", 4096, "*", "*")),
            ("DenyAddress", rule("Deny", 4095, "168.63.129.16", "*")),
        ];
        rules.extend(more.iter().cloned());
        Value::object(rules)
    };
    let dns = [("no-dns", rule("Deny", 4000, "AzurePlatformDNS", "*"))];
    let metadata = [("no-metadata", rule("Deny", 4000, "azureplatformimds", "*"))];
    let allowed_first = [
        ("no-dns", rule("Deny", 4000, "AzurePlatformDNS", "*")),
        ("dns", rule("Allow", 3999, "AzurePlatformDNS", "53")),
    ];
    let cases: [(Rules<'_>, &str, &str, bool); 6] = [
        (&[], "168.63.129.16", "53", true),
        (&[], "169.254.169.254", "80", true),
        (&dns, "168.63.129.16", "53", false),
        (&dns, "169.254.169.254", "80", true),
        (&metadata, "169.254.169.254", "80", false),
        (&allowed_first, "168.63.129.16", "53", true),
    ];
    for (rules, peer, port, passes) in cases {
        for (attribute, verdict) in [
            ("required_flows", if passes { "proven" } else { "refuted" }),
            ("forbidden_flows", if passes { "refuted" } else { "proven" }),
        ] {
            let mut asked = flow(&[("local", "10.0.0.0/24")]);
            asked.set_attribute("peer", peer.into());
            asked.set_attribute("port", port.into());
            let entries = [
                ("security_rules", dynamic(everything(rules))),
                (attribute, Value::object([("platform", asked)])),
            ];
            let state = read("lockeddown_verification", &entries).await.unwrap();
            let said = answers(&state);
            assert_eq!(state.attribute("verdict").as_str(), Some(verdict), "{said}");
            if attribute == "forbidden_flows" && passes && rules.len() < 2 {
                assert!(said.contains("Deny the tag `AzurePlatformDNS`"), "{said}");
            }
            // Nobody's exposure, and told of the deny that does nothing.
            assert!(
                state.attribute("exposure").as_list().unwrap().is_empty() || rules.len() > 1,
                "{said}"
            );
            let told = said.contains("`DenyAddress` never decides about 168.63.129.16");
            assert!(told || rules.iter().any(|(name, _)| *name == "no-dns"), "{said}");
        }
    }
}

/// Whether a group's machines are in the subnet nobody says; so no rule can be said to repeat another.
#[tokio::test]
async fn a_rule_of_groups_is_not_called_superfluous_for_nothing() {
    let id = |name: &str| {
        Value::string_list([format!(
            "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/{name}"
        )])
    };
    let mut between = rule("Allow", 100, "*", "443");
    between.set_attribute("direction", "Inbound".into());
    for name in ["source_address_prefix", "destination_address_prefix"] {
        between.set_attribute(name, Value::Null);
    }
    between.set_attribute("source_application_security_group_ids", id("web"));
    between.set_attribute("destination_application_security_group_ids", id("data"));
    let entries = [
        ("security_rules", dynamic(Value::object([("asg", between)]))),
        (
            "required_flows",
            Value::object([(
                "monitor",
                flow(&[("peer", "AzureMonitor"), ("port", "443"), ("local", "10.0.0.0/24")]),
            )]),
        ),
    ];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert!(
        state.attribute("lint").as_list().unwrap().is_empty(),
        "{}",
        answers(&state)
    );
}

/// Nobody lists the addresses of a tag, but each service has some in `AzureCloud`: a deny of that stops it in part. Of one region's form that is
/// not sure.
#[tokio::test]
async fn a_deny_of_the_whole_cloud_stops_every_service() {
    for (cloud, verdict) in [("AzureCloud", "refuted"), ("AzureCloud.westeurope", "depends_on")] {
        let rules = Value::object([
            ("cloud", rule("Deny", 100, cloud, "*")),
            ("storage", rule("Allow", 200, "Storage", "443")),
        ]);
        let storage = Value::object([("storage", flow(&[("peer", "Storage"), ("port", "443")]))]);
        let entries = [("security_rules", dynamic(rules)), ("required_flows", storage)];
        let state = read("lockeddown_verification", &entries).await.unwrap();
        assert_eq!(
            state.attribute("verdict").as_str(),
            Some(verdict),
            "{}",
            answers(&state)
        );
    }
}
