//! `lockeddown_aml_outbound_dependencies`: what Azure names beside what the edition names.

use acceptance_tests::emulator::Fault;
use serde_json::{Value, json};

use crate::{place::Place, stable};

fn workspace_id(place: &Place) -> String {
    let network = place.id("x");
    let group = network.split("/providers/").next().unwrap();
    format!("{group}/providers/Microsoft.MachineLearningServices/workspaces/ws")
}

fn with_dependencies(categories: Value) -> Place {
    let place = Place::new();
    let id = workspace_id(&place);
    place
        .emulator
        .azure(|azure| azure.publish_outbound_dependencies(&id, categories));
    place
}

fn category(name: &str, hosts: &[(&str, &[u16])]) -> Value {
    let endpoint = |(host, ports): &(&str, &[u16])| {
        let details: Vec<Value> = ports.iter().map(|port| json!({ "port": port })).collect();
        json!({ "domainName": host, "endpointDetails": details })
    };
    json!({ "properties": { "category": name, "endpoints": hosts.iter().map(endpoint).collect::<Vec<_>>() } })
}

fn compared(place: &Place, more: &str) -> String {
    format!(
        r#"
        data "lockeddown_aml_compute_egress" "ours" {{
          location                       = "westeurope"
          edition                        = "2026-08"
          subnet_address_prefixes        = ["10.0.1.0/24"]
          virtual_network_address_spaces = ["10.0.0.0/16"]
          default_storage_account_name   = "examplestorage"
          egress                         = {{ type = "firewall", firewall_private_ip_address = "10.1.0.4" }}
          {more}
        }}
        data "lockeddown_aml_outbound_dependencies" "ws" {{
          workspace_id = {:?}
          policies     = [data.lockeddown_aml_compute_egress.ours.policy]
        }}
        output "hosts" {{ value = [for host in data.lockeddown_aml_compute_egress.ours.hosts : host.host] }}
        output "ws" {{ value = data.lockeddown_aml_outbound_dependencies.ws }}
        "#,
        workspace_id(place)
    )
}

#[test]
fn hosts_are_compared_by_what_they_cover() {
    let place = with_dependencies(json!([
        category("Azure Active Directory", &[("login.microsoftonline.com", &[80, 443])]),
        category(
            "Azure Container Registry",
            &[("brandnew.azurecr.io", &[443]), ("pypi.org", &[443])]
        ),
        category("Storage", &[("examplestorage.blob.core.windows.net", &[443])]),
    ]));
    place.workspace.step(&compared(&place, ""));
    let outputs = place.workspace.outputs();
    let hosts = outputs["hosts"].as_array().unwrap().clone();
    assert!(hosts.contains(&json!("login.microsoftonline.com")), "{hosts:?}");
    let read = &outputs["ws"];
    assert_eq!(read["complete"], json!(false));
    let missing: Vec<&str> = read["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|host| host["host"].as_str().unwrap())
        .collect();
    assert!(missing.contains(&"pypi.org"), "{missing:?}");
    assert!(
        !missing.contains(&"examplestorage.blob.core.windows.net"),
        "{missing:?}"
    );
    let pypi = read["missing"]
        .as_array()
        .unwrap()
        .iter()
        .find(|host| host["host"] == "pypi.org")
        .unwrap();
    assert_eq!(
        pypi,
        &json!({ "category": "Azure Container Registry", "host": "pypi.org", "ports": [443] })
    );
    let surplus = read["surplus"].as_array().unwrap();
    assert!(
        surplus.iter().all(|host| host["host"] != "login.microsoftonline.com"),
        "{surplus:?}"
    );
    let unnamed = surplus
        .iter()
        .find(|host| host["host"] == "management.azure.com")
        .unwrap();
    assert!(
        unnamed["requirement_ids"]
            .as_array()
            .unwrap()
            .iter()
            .any(|id| id.as_str().unwrap().starts_with("AML-")),
        "{unnamed}"
    );
    assert_eq!(read["endpoints"].as_array().unwrap().len(), 4);

    // An option that opens a host is one host less that is missing.
    place.workspace.step(&compared(&place, "python_packages = [\"pypi\"]"));
    let read = place.workspace.outputs()["ws"].clone();
    assert!(
        read["missing"]
            .as_array()
            .unwrap()
            .iter()
            .all(|host| host["host"] != "pypi.org"),
        "{}",
        read["missing"]
    );
    assert!(!read["surplus"].to_string().contains("pypi.org"), "{}", read["surplus"]);
}

#[test]
fn policies_that_are_not_known_yet_are_compared_at_apply() {
    let place = with_dependencies(json!([category(
        "Azure Active Directory",
        &[("login.microsoftonline.com", &[443])]
    )]));
    let configuration = compared(&place, "extra_hosts = [terraform_data.host.output]");
    let plan = place.workspace.step(&format!(
        "resource \"terraform_data\" \"host\" {{ input = \"late.example.com\" }}\n{configuration}"
    ));
    assert_eq!(
        plan.json()["output_changes"]["ws"]["after_unknown"]["surplus"],
        json!(true)
    );
    assert!(
        place.workspace.outputs()["ws"]["surplus"]
            .to_string()
            .contains("late.example.com")
    );
}

#[test]
fn refusals_say_what_would_be_right() {
    let place = with_dependencies(json!([]));
    let mut report = String::new();
    let configuration = compared(&place, "");
    place
        .workspace
        .write(&configuration.replace("/workspaces/ws", "/workspaces/other"));
    report.push_str(&place.workspace.expect_error(&["plan"]));
    place
        .workspace
        .write(&configuration.replace("/workspaces/ws", "/workspaces/ws/computes/c"));
    report.push_str(&format!("\n{}\n", place.workspace.expect_error(&["validate"])));
    let message = "The client 'terraform' does not have authorization to perform action \
                   'Microsoft.MachineLearningServices/workspaces/outboundNetworkDependenciesEndpoints/read' over scope '/subscriptions/s' or the \
                   scope is invalid.";
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", message).on("GET", "outboundNetworkDependenciesEndpoints"));
    place.workspace.write(&configuration);
    report.push_str(&place.workspace.expect_error(&["plan"]));
    insta::assert_snapshot!(stable(&place, &report));
}
