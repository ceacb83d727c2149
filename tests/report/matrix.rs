//! What the matrix says of each requirement.

use lockeddown::report::model::{Form, Report, Row, Standing};
use tfplugin_rs::value::Value;

use crate::landing_zone::{machine_learning, parsed, policy, server_by_hand, server_with_waivers, texts, verified};

fn row<'r>(report: &'r Report, id: &str) -> &'r Row {
    let rows = &report.subnets[0].requirements;
    rows.iter()
        .find(|row| row.id == id)
        .unwrap_or_else(|| panic!("{id} has no row"))
}

#[tokio::test]
async fn every_requirement_of_a_policy_has_a_row_with_its_source() {
    let report = parsed(&machine_learning().await);
    let rows = &report.subnets[0].requirements;
    assert!(rows.len() > 30, "{}", rows.len());
    for row in rows {
        assert!(
            row.document.is_some() && row.section.is_some() && row.edition.is_some(),
            "{row:?}"
        );
        assert!(
            row.evidence.is_some() || [Standing::Proven, Standing::Satisfied].contains(&row.verdict),
            "{row:?}"
        );
        let stands = !row.rendered.is_empty() || row.verdict != Standing::Satisfied;
        assert!(stands, "{row:?} is called satisfied, and nothing stands for it");
    }
    let forms: Vec<Form> = rows
        .iter()
        .flat_map(|row| &row.rendered)
        .map(|rendering| rendering.form)
        .collect();
    for form in [
        Form::SecurityRule,
        Form::NetworkRule,
        Form::ApplicationRule,
        Form::Prerequisite,
    ] {
        assert!(forms.contains(&form), "{form:?}");
    }
}

#[tokio::test]
async fn a_waiver_is_shown_with_its_reason() {
    let report = parsed(&server_with_waivers().await);
    let monitor = row(&report, "CC-SERVER-MONITOR");
    assert_eq!(monitor.verdict, Standing::Waived);
    assert_eq!(
        monitor.evidence.as_ref().unwrap().reason,
        "Logs stay | on \"premises\" <ours> [a](b)"
    );
    assert!(monitor.rendered.is_empty());
    assert_eq!(row(&report, "CHECK-EXPOSURE-INTENDED").kind, "check");
    // The deny has a hole, and waiving the warning does not close it.
    assert_eq!(row(&report, "CC-DENY-INTERNET").verdict, Standing::NotSatisfied);
    assert_eq!(report.verdict, Standing::Proven);
}

#[tokio::test]
async fn a_deny_is_proven_and_its_loss_is_seen() {
    let entries = [
        ("role", Value::from("server")),
        ("subnet_address_prefixes", texts(&["10.0.0.0/28"])),
        ("node_address_prefixes", texts(&["10.0.1.0/24"])),
    ];
    let untouched = verified("server", vec![policy("cyclecloud_subnet", &entries).await], &[]).await;
    assert_eq!(row(&parsed(&untouched), "CC-DENY-INTERNET").verdict, Standing::Proven);

    let report = parsed(&server_by_hand().await);
    let deny = row(&report, "CC-DENY-INTERNET");
    assert_eq!(deny.verdict, Standing::NotSatisfied);
    assert!(deny.evidence.as_ref().unwrap().packet.is_some());
}

#[tokio::test]
async fn strict_isolation_is_proven_too() {
    let entries = [
        ("role", Value::from("server")),
        ("subnet_address_prefixes", texts(&["10.0.0.0/28"])),
        ("node_address_prefixes", texts(&["10.0.1.0/24"])),
        ("isolation", "strict".into()),
    ];
    let report = parsed(&verified("server", vec![policy("cyclecloud_subnet", &entries).await], &[]).await);
    let denies: Vec<&Row> = report.subnets[0]
        .requirements
        .iter()
        .filter(|row| row.kind == "deny")
        .collect();
    assert!(denies.len() >= 2, "{denies:?}");
    for deny in denies {
        assert_eq!(deny.verdict, Standing::Proven, "{deny:?}");
    }
    assert!(report.subnets[0].baseline.is_empty());
}

#[tokio::test]
async fn rules_by_hand_are_named_where_they_serve_a_requirement() {
    let report = parsed(&server_by_hand().await);
    let storage = row(&report, "CC-SERVER-STORAGE");
    assert_eq!(storage.verdict, Standing::Proven);
    assert_eq!(storage.rendered[0].name, "Storage");
    assert_eq!(row(&report, "CC-SERVER-MONITOR").verdict, Standing::Refuted);
    assert_eq!(report.subnets[0].location.as_deref(), Some("westeurope"));
}

#[tokio::test]
async fn what_the_way_out_cannot_carry_is_not_called_proven() {
    // A service tag covers no such host, and a group has no rule for one.
    let report = parsed(&server_with_waivers().await);
    let closed = report.subnets[0]
        .required_flows
        .iter()
        .filter(|flow| flow.passage == "closed");
    let mut seen = 0;
    for flow in closed {
        assert_eq!(flow.verdict, Standing::NotSatisfied, "{flow:?}");
        for id in &flow.requirement_ids {
            assert_ne!(row(&report, id).verdict, Standing::Proven, "{id}");
        }
        seen += 1;
    }
    assert!(seen > 0, "nothing is closed here any more: choose another example");
}
