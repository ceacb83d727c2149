//! What people and programs read.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::landing_zone::{
    machine_learning, nodes_that_depend, output, parsed, read, reported, server_by_hand, server_with_waivers, zone,
};

#[tokio::test]
async fn markdown_for_auditors() {
    insta::assert_snapshot!(output(&zone().await, "markdown"));
}

#[tokio::test]
async fn a_diagram_of_the_zone() {
    insta::assert_snapshot!(output(&zone().await, "mermaid"));
}

#[tokio::test]
async fn a_diagram_of_a_firewall_with_its_hosts() {
    let state = reported(&[&machine_learning().await], &[]).await;
    insta::assert_snapshot!(output(&state, "mermaid"));
}

#[tokio::test]
async fn json_of_a_refuted_subnet() {
    let state = reported(&[&server_by_hand().await], &[]).await;
    insta::assert_snapshot!(output(&state, "json"));
}

#[tokio::test]
async fn sarif_for_code_scanning() {
    let sarif = output(&zone().await, "sarif");
    let log: Json = serde_json::from_str(&sarif).unwrap();
    insta::assert_snapshot!(sarif.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\""));

    // What GitHub demands beyond the schema.
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "a rule is there twice");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
    }
    let mut fingerprints = BTreeSet::new();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 6, "{results:?}");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(result["ruleId"], rule["id"]);
        assert!(
            ["error", "warning", "note"].contains(&result["level"].as_str().unwrap()),
            "{result}"
        );
        let place = &result["locations"][0];
        let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        let subnet = place["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap();
        assert_eq!(
            uri,
            if subnet == "server" {
                "network/server.tf"
            } else {
                "main.tf"
            }
        );
        let print = result["partialFingerprints"]["primaryLocationLineHash"]
            .as_str()
            .unwrap();
        assert!(fingerprints.insert(print), "{print} is there twice");
    }
    let said: Vec<&str> = results
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    assert!(!said.contains(&"CC-SERVER-MONITOR") || said.iter().filter(|id| **id == "CC-SERVER-MONITOR").count() == 1);
    for kind in [
        "FORBIDDEN-FLOW",
        "EXPOSURE",
        "LINT-UNKNOWN-SERVICE-TAG",
        "CC-DENY-INTERNET",
    ] {
        assert!(said.contains(&kind), "{kind} is missing in {said:?}");
    }
}

#[tokio::test]
async fn a_page_that_needs_nothing_else() {
    let page = output(&zone().await, "html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{page}");
    for word in [
        "http://", "https://", "<script", " src=", "url(", "@import", "<link", "onload=",
    ] {
        assert!(!page.contains(word), "the page has `{word}`");
    }
    // What users write is text.
    assert!(
        page.contains("Logs stay | on &quot;premises&quot; &lt;ours&gt; [a](b)"),
        "{page}"
    );
    // Tables have captions and heads in both directions; pictures have titles.
    let count = |word: &str| page.matches(word).count();
    assert_eq!(count("<table>"), count("<caption>"));
    assert_eq!(count("<tr>"), count("scope=\"row\"") + count("<thead><tr>"));
    assert_eq!(count("<svg "), count("<desc id="));
    for tag in [
        "table", "section", "svg", "g", "tr", "td", "ul", "li", "div", "main", "body", "html", "span", "code",
    ] {
        let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
        assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
    }
    let ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn the_same_subnets_give_the_same_bytes_in_any_order() {
    let (server, nodes) = (server_with_waivers().await, nodes_that_depend().await);
    let one = reported(&[&server, &nodes], &[]).await;
    let other = reported(&[&nodes_that_depend().await, &server_with_waivers().await], &[]).await;
    // A report of a report is the report.
    let again = reported(&[&output(&one, "json")], &[]).await;
    for form in ["verdict", "markdown", "mermaid", "json", "sarif", "html"] {
        assert_eq!(output(&one, form), output(&other, form), "{form}");
        assert_eq!(output(&one, form), output(&again, form), "{form}");
    }
}

#[tokio::test]
async fn the_verdict_is_the_worst() {
    let (server, nodes, by_hand) = (
        server_with_waivers().await,
        nodes_that_depend().await,
        server_by_hand().await,
    );
    let verdict = async |reports: &[&str]| output(&reported(reports, &[]).await, "verdict");
    assert_eq!(verdict(&[&server]).await, "proven");
    assert_eq!(verdict(&[&server, &nodes]).await, parsed(&nodes).verdict.as_str());
    assert_eq!(verdict(&[&server, &by_hand, &nodes]).await, "refuted");
}

#[tokio::test]
async fn what_cannot_be_reported_is_said_where_it_is_written() {
    let server = server_with_waivers().await;
    let mut said = String::new();
    for reports in [
        vec![server.clone(), "{}".to_owned()],
        vec![server.clone(), server.clone()],
        vec![server.replacen("\"format\": 1", "\"format\": 7", 1)],
        vec!["no JSON".to_owned()],
        Vec::new(),
    ] {
        let reports = tfplugin_rs::value::Value::List(reports.into_iter().map(Into::into).collect());
        let refused = read("lockeddown_verification_report", &[("reports", reports)]).await;
        said.push_str(&format!("{}\n", refused.unwrap_err()));
    }
    insta::assert_snapshot!(said);
}
