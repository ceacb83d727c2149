//! Golden plans: tables transcribed by hand from the documents, against what a real Terraform plans.
//!
//! The files in `tests/golden` name their own arguments. Those in `tests/tables` belong to the tests of one workload; [`TABLES`] says
//! in Terraform's language what each is the answer to.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use acceptance_tests::terraform::{Workspace, binaries};
use serde_json::Value;

/// What of a plan a table shows.
#[derive(Clone, Copy)]
enum View {
    /// `security_rules`.
    Rules,
    /// `counterpart_rules`, with the role in front.
    Counterparts,
    /// The firewall's collections.
    Collections,
    /// `managed_security_rules`, and the subnet's own rules behind them.
    Databricks,
}

struct Golden {
    name: String,
    object: String,
    arguments: String,
    endpoints: Option<BTreeSet<String>>,
    columns: Vec<String>,
    rows: BTreeSet<Vec<BTreeSet<String>>>,
    view: View,
}

const ATTACHED: &str = "lockeddown_aml_attached_compute_ingress";
const KUBERNETES: &str = "lockeddown_aml_kubernetes_egress";
const CONNECTION: &str = "lockeddown_cyclecloud_connection";
const DATABRICKS: &str = "lockeddown_aml_databricks_network";
const LICENSE: &str = "lockeddown_license_server_link";

const INGRESS: &str = "lockeddown_aml_compute_ingress";
const EGRESS: &str = "lockeddown_aml_compute_egress";

const EVERYTHING: &str = r#"
  egress                            = {}
  high_business_impact              = true
  custom_images_enabled             = true
  studio_enabled                    = true
  automl_enabled                    = true
  rstudio_enabled                   = true
  vscode_enabled                    = true
  r_packages_enabled                = true
  private_endpoint_address_prefixes = ["10.0.2.0/27"]
  python_packages                   = ["anaconda", "pypi", "pytorch", "tensorflow"]
"#;

const PEERING: &str = r#"
  type                      = "virtual_network_peering"
  server_address_spaces     = ["10.0.0.0/16"]
  node_address_spaces       = ["10.1.0.0/16"]
  server_virtual_network_id = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"
  node_virtual_network_id   = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/spoke"
"#;

const KUBERNETES_INPUTS: &str = r#"
  subnet_address_prefixes = ["10.4.0.0/22"]
  workspace_guid          = "11112222-3333-4444-5555-666677778888"
  storage_account_names   = ["stmldefault", "stmldata"]
  container_registry_name = "crML"
  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.9.4"
    firewall_dns_proxy_enabled  = true
  }
"#;

const LICENSE_INPUTS: &str = r#"
  license_servers = {
    main = {
      address_prefixes = ["192.168.5.10"]
      hostname         = "license.example.org"
      managers = {
        ansys  = { type = "flexnet", port = 1055, vendor_port = 1056, extra_ports = ["2325"] }
        abaqus = { type = "flexnet", vendor_port = 27001 }
      }
    }
  }
"#;

const DATABRICKS_INPUTS: &str = r#"
  public_subnet_address_prefixes  = ["10.5.0.0/26"]
  private_subnet_address_prefixes = ["10.5.0.64/26"]
"#;

/// A table, the data source, shared and own arguments, and what to look at.
const TABLES: &[(&str, &str, &str, &str, View)] = &[
    (
        "aml_attached_compute_ingress-2020-07",
        ATTACHED,
        "",
        "edition = \"2020-07\"\nlocation = \"westeurope\"\ncompute_type = \"hdinsight\"\negress = {}",
        View::Rules,
    ),
    (
        "aml_attached_compute_ingress-2022-10",
        ATTACHED,
        "",
        "edition = \"2022-10\"\nlocation = \"West Europe\"\ncompute_type = \"hdinsight\"\negress = {}",
        View::Rules,
    ),
    (
        "aml_attached_compute_ingress-2026-08",
        ATTACHED,
        "",
        "location = \"westeurope\"\ncompute_type = \"hdinsight\"\negress = {}",
        View::Rules,
    ),
    (
        "aml_attached_compute_ingress-2020-07-china",
        ATTACHED,
        "",
        "edition = \"2020-07\"\nenvironment = \"china\"\nlocation = \"chinaeast2\"\ncompute_type = \"hdinsight\"\negress = {}",
        View::Rules,
    ),
    (
        "aml_attached_compute_ingress-2026-08-usgovernment",
        ATTACHED,
        "",
        "environment = \"usgovernment\"\nlocation = \"usgovvirginia\"\ncompute_type = \"hdinsight\"\negress = {}",
        View::Rules,
    ),
    (
        "aml_kubernetes_egress-2022-10",
        KUBERNETES,
        KUBERNETES_INPUTS,
        "edition = \"2022-10\"\nlocation = \"westeurope\"\ncluster_type = \"aks\"",
        View::Collections,
    ),
    (
        "aml_kubernetes_egress-2026-08",
        KUBERNETES,
        KUBERNETES_INPUTS,
        "location = \"westeurope\"\ncluster_type = \"aks\"",
        View::Collections,
    ),
    (
        "aml_kubernetes_egress-2026-08-arc",
        KUBERNETES,
        KUBERNETES_INPUTS,
        "location = \"westeurope\"\ncluster_type = \"arc\"\narc_features = [\"cluster_connect\", \"custom_locations\", \"azure_rbac\", \"extensions\"]",
        View::Collections,
    ),
    (
        "aml_kubernetes_egress-2022-10-usgovernment",
        KUBERNETES,
        KUBERNETES_INPUTS,
        "edition = \"2022-10\"\nenvironment = \"usgovernment\"\nlocation = \"usgovarizona\"\ncluster_type = \"arc\"\nworkloads = [\"inference\"]",
        View::Collections,
    ),
    (
        "cyclecloud_connection-2026-08",
        CONNECTION,
        "",
        "type = \"virtual_network_peering\"\nlocation = \"westeurope\"\nserver_address_spaces = [\"10.0.0.0/16\"]\nnode_address_spaces = \
         [\"10.1.0.0/16\"]\nserver_virtual_network_id = \
         \"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub\"\nnode_virtual_network_id = \
         \"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/spoke\"",
        View::Counterparts,
    ),
    (
        "aml_databricks_network-2020-07",
        DATABRICKS,
        DATABRICKS_INPUTS,
        "edition = \"2020-07\"\nlocation = \"westeurope\"",
        View::Databricks,
    ),
    (
        "aml_databricks_network-2026-08",
        DATABRICKS,
        DATABRICKS_INPUTS,
        "location = \"westeurope\"",
        View::Databricks,
    ),
    (
        "aml_databricks_network-2026-08-usgovernment",
        DATABRICKS,
        DATABRICKS_INPUTS,
        "environment = \"usgovernment\"\nlocation = \"usgovvirginia\"",
        View::Databricks,
    ),
    (
        "license_server_link-2026-08",
        LICENSE,
        LICENSE_INPUTS,
        "link_type = \"vpn_site_to_site\"\nlocation = \"westeurope\"\nsubnet_address_prefixes = [\"10.1.0.0/24\"]",
        View::Rules,
    ),
    (
        "license_server_link-2011",
        LICENSE,
        LICENSE_INPUTS,
        "edition = \"2011\"\nlink_type = \"junction_box\"\nlocation = \"westeurope\"\nsubnet_address_prefixes = \
         [\"10.1.0.0/24\"]\njunction_box = { connection = \"node_dials\", address_prefixes = [\"203.0.113.9\"] }\nstartup_script = { \
         credential_reference = \"https://licenses.vault.azure.net/secrets/tunnel\" }",
        View::Rules,
    ),
    (
        "aml_compute_ingress-2020-07-china",
        INGRESS,
        "",
        "edition = \"2020-07\"\nenvironment = \"china\"\nlocation = \"chinaeast2\"\nssh_source_address_prefixes = [\"10.8.0.0/24\"]",
        View::Rules,
    ),
    (
        "aml_compute_ingress-2022-10-usgovernment",
        INGRESS,
        "",
        "edition = \"2022-10\"\nenvironment = \"usgovernment\"\nlocation = \"usgovarizona\"\nnode_public_ip_enabled = true",
        View::Rules,
    ),
    (
        "aml_compute_ingress-2026-08-classic-usgovernment",
        INGRESS,
        "",
        "environment = \"usgovernment\"\nlocation = \"usgovvirginia\"\nnode_public_ip_enabled = true\nnode_communication_mode = \"classic\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2020-07-china",
        EGRESS,
        "egress = {}",
        "edition = \"2020-07\"\nenvironment = \"china\"\nlocation = \"chinaeast2\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2022-10",
        EGRESS,
        "egress = {}",
        "edition = \"2022-10\"\nlocation = \"West Europe\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2022-10-everything",
        EGRESS,
        EVERYTHING,
        "edition = \"2022-10\"\nlocation = \"westeurope\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2022-10-everything-china",
        EGRESS,
        EVERYTHING,
        "edition = \"2022-10\"\nenvironment = \"china\"\nlocation = \"chinaeast2\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2026-08-everything",
        EGRESS,
        EVERYTHING,
        "location = \"westeurope\"",
        View::Rules,
    ),
    (
        "aml_compute_egress-2026-08-usgovernment",
        EGRESS,
        "egress = {}",
        "environment = \"usgovernment\"\nlocation = \"usgovvirginia\"",
        View::Rules,
    ),
    (
        "aml_kubernetes_egress-2026-08-china",
        KUBERNETES,
        KUBERNETES_INPUTS,
        "environment = \"china\"\nlocation = \"China East 2\"\ncluster_type = \"aks\"\nprivate_cluster_enabled = false\nkonnectivity_enabled = \
         false\napi_server_fqdn = \"ml-1234.hcp.chinaeast2.cx.prod.service.azk8s.cn\"\ndns_server_addresses = [\"10.9.0.4\"]\nntp_servers = \
         [\"10.9.0.5\"]",
        View::Collections,
    ),
    (
        "cyclecloud_connection-2020-07-version-7",
        CONNECTION,
        PEERING,
        "edition = \"2020-07\"\nlocation = \"westeurope\"\ncyclecloud_version = 7",
        View::Counterparts,
    ),
    (
        "cyclecloud_connection-2022-10-return-proxy",
        CONNECTION,
        PEERING,
        "edition = \"2022-10\"\nlocation = \"westeurope\"\nconnection_mode = \"return_proxy\"\nreturn_proxy_address_prefixes = [\"10.1.0.4\"]",
        View::Counterparts,
    ),
    (
        "cyclecloud_connection-2026-08-china-on-premises",
        CONNECTION,
        "",
        "environment = \"china\"\nlocation = \"chinaeast2\"\ntype = \"express_route\"\nserver_address_spaces = [\"10.0.0.0/16\"]\n\
         node_address_spaces = [\"10.1.0.0/16\"]",
        View::Counterparts,
    ),
    (
        "cyclecloud_connection-2026-08-usgovernment-ipv6",
        CONNECTION,
        "",
        "environment = \"usgovernment\"\nlocation = \"usgovvirginia\"\ntype = \"virtual_network_peering\"\nserver_address_spaces = \
         [\"10.0.0.0/16\", \"fd00::/48\"]\nnode_address_spaces = [\"10.1.0.0/16\", \"fd00:1::/48\"]\nserver_virtual_network_id = \
         \"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub\"\nnode_virtual_network_id = \
         \"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/spoke\"",
        View::Counterparts,
    ),
    (
        "aml_databricks_network-2022-10-china",
        DATABRICKS,
        DATABRICKS_INPUTS,
        "edition = \"2022-10\"\nenvironment = \"china\"\nlocation = \"chinaeast2\"",
        View::Databricks,
    ),
    (
        "license_server_link-2020-07-usgovernment-explicit",
        LICENSE,
        "",
        "edition = \"2020-07\"\nenvironment = \"usgovernment\"\nlocation = \"usgovvirginia\"\nisolation = \"none\"\nlink_type = \
         \"express_route\"\ncallback_ports = [\"5000-5010\"]\nlicense_servers = { main = { address_prefixes = [\"192.168.5.10\"], hostname = \
         \"license.example.org\", managers = { gurobi = { type = \"explicit\", port = 41954, protocol = \"Udp\" } } } }",
        View::Rules,
    ),
    (
        "license_server_link-2022-10-license-server",
        LICENSE,
        LICENSE_INPUTS,
        "edition = \"2022-10\"\nlocation = \"westeurope\"\nlink_type = \"peered\"\nsubnet_address_prefixes = \
         [\"10.1.0.0/24\"]\ncallback_ports = [\"5000\"]",
        View::Counterparts,
    ),
    (
        "license_server_link-2026-08-china-junction-box",
        LICENSE,
        LICENSE_INPUTS,
        "environment = \"china\"\nlocation = \"chinaeast2\"\nlink_type = \"junction_box\"\nsubnet_address_prefixes = \
         [\"10.1.0.0/24\"]\njunction_box = { vpn_client_address_pool = \"172.30.0.0/28\" }",
        View::Rules,
    ),
];

fn goldens() -> Vec<Golden> {
    let root = binaries::repository().join("tests");
    let entries = fs::read_dir(root.join("golden")).unwrap_or_else(|error| panic!("tests/golden: {error}"));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let own = paths.iter().map(with_its_arguments);
    let tables = TABLES.iter().map(|(name, object, shared, arguments, view)| {
        let text = read(&root.join("tables").join(format!("{name}.csv")));
        golden(name, object, format!("{shared}\n{arguments}"), None, &text, *view)
    });
    own.chain(tables).collect()
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn with_its_arguments(path: &PathBuf) -> Golden {
    let text = read(path);
    let name = path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let comments: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let [_title, object, arguments @ .., _endpoints] = comments.as_slice() else {
        panic!("{name}: no head")
    };
    let endpoints = comments.iter().find_map(|line| line.strip_prefix("endpoints:"));
    let endpoints = endpoints
        .unwrap_or_else(|| panic!("{name}: no endpoints"))
        .split_whitespace();
    let table: String = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    let endpoints = Some(endpoints.map(str::to_owned).collect());
    let view = match (object, table.lines().next().unwrap_or_default()) {
        (_, columns) if columns.starts_with("role,") => View::Counterparts,
        (_, columns) if columns.starts_with("collection,") => View::Collections,
        (&DATABRICKS, _) => View::Databricks,
        _ => View::Rules,
    };
    golden(&name, object, arguments.join("\n"), endpoints, &table, view)
}

fn golden(
    name: &str,
    object: &str,
    arguments: String,
    endpoints: Option<BTreeSet<String>>,
    table: &str,
    view: View,
) -> Golden {
    let mut lines = table
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let columns = lines.next().unwrap_or_else(|| panic!("{name}: an empty table"));
    let rows = lines
        .map(|cells| cells.iter().map(String::as_str).map(words).collect())
        .collect();
    Golden {
        name: name.to_owned(),
        object: object.to_owned(),
        arguments,
        endpoints,
        columns,
        rows,
        view,
    }
}

/// Several values of a cell, in no order.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split(['|', ' ']).map(str::to_owned).collect()
}

impl Golden {
    fn configuration(&self) -> String {
        let label = self.name.replace('-', "_");
        let Golden {
            name,
            object,
            arguments,
            ..
        } = self;
        format!(
            "data \"{object}\" \"{label}\" {{\n{arguments}\n}}\noutput \"{name}\" {{ value = data.{object}.{label} }}\n"
        )
    }

    fn planned(&self, output: &Value) -> BTreeSet<Vec<BTreeSet<String>>> {
        let rules = |value: &Value| -> Vec<Value> {
            value
                .as_object()
                .into_iter()
                .flat_map(|rules| rules.values().cloned())
                .collect()
        };
        let rows: Vec<Value> = match self.view {
            View::Rules => rules(&output["security_rules"]),
            View::Counterparts => {
                let roles = output["counterpart_rules"].as_object().into_iter().flatten();
                roles
                    .flat_map(|(role, of_role)| rules(of_role).into_iter().map(|rule| labelled(rule, "role", role)))
                    .collect()
            }
            View::Databricks => [
                rules(&output["managed_security_rules"]),
                rules(&output["security_rules"]),
            ]
            .concat(),
            View::Collections => collections(output),
        };
        rows.iter()
            .map(|row| self.columns.iter().map(|column| cell(row, column)).collect())
            .collect()
    }
}

fn labelled(mut rule: Value, column: &str, text: &str) -> Value {
    rule[column] = text.into();
    rule
}

/// Firewall rules, one row for each protocol of an application rule.
fn collections(output: &Value) -> Vec<Value> {
    let rules = |kind: &str| -> Vec<Value> {
        let collections = output[kind].as_array().into_iter().flatten();
        collections
            .flat_map(|collection| collection["rule"].as_array().cloned().unwrap_or_default())
            .collect()
    };
    let network = rules("network_rule_collections")
        .into_iter()
        .map(|rule| labelled(rule, "collection", "network"));
    let application = rules("application_rule_collections").into_iter().flat_map(|rule| {
        let protocols = rule["protocols"].as_array().cloned().unwrap_or_default();
        protocols.into_iter().map(move |protocol| {
            let mut row = labelled(rule.clone(), "collection", "application");
            row["protocols"] = serde_json::json!([protocol["type"]]);
            row["destination_ports"] = serde_json::json!([protocol["port"].to_string()]);
            row
        })
    });
    network.chain(application).collect()
}

/// A column of a row: the one field of several that is in use.
fn cell(row: &Value, column: &str) -> BTreeSet<String> {
    let fields: &[&str] = match column {
        "protocol" => &["protocol", "protocols"],
        "source" => &["source_address_prefix", "source_address_prefixes"],
        "destination" => &[
            "destination_address_prefix",
            "destination_address_prefixes",
            "destination_addresses",
            "destination_fqdns",
            "destination_fqdn_tags",
            "destination_urls",
        ],
        "ports" => &["destination_port_range", "destination_port_ranges", "destination_ports"],
        column => &[column],
    };
    let used = fields
        .iter()
        .map(|field| &row[*field])
        .find(|value| !value.is_null())
        .unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match used {
        Value::Array(values) => values.iter().map(text).map(|text| in_the_tables_words(&text)).collect(),
        value => BTreeSet::from([in_the_tables_words(&text(value))]),
    }
}

/// Azure Firewall writes `TCP`, NSGs write `Tcp`; the tables write the latter.
fn in_the_tables_words(text: &str) -> String {
    match text {
        "TCP" => "Tcp".to_owned(),
        "UDP" => "Udp".to_owned(),
        "Any" => "*".to_owned(),
        text => text.to_owned(),
    }
}

/// The first edition that knows a workload.
const WORKLOADS: [(&str, &str); 8] = [
    ("lockeddown_cyclecloud_subnet", "2020-07"),
    (CONNECTION, "2020-07"),
    (INGRESS, "2020-07"),
    (EGRESS, "2020-07"),
    (KUBERNETES, "2022-10"),
    (ATTACHED, "2020-07"),
    (DATABRICKS, "2020-07"),
    (LICENSE, "2011"),
];

#[test]
fn every_workload_has_a_table_for_every_edition_and_cloud() {
    let said = |golden: &Golden, argument: &str, default: &str| {
        let lines = golden.arguments.lines().filter_map(|line| line.split_once('='));
        let value = lines
            .filter(|(name, _)| name.trim() == argument)
            .map(|(_, value)| value)
            .next();
        value.map_or_else(|| default.to_owned(), |value| value.trim().trim_matches('"').to_owned())
    };
    let there: BTreeSet<(String, String, String)> = goldens()
        .iter()
        .map(|golden| {
            let (edition, cloud) = (
                said(golden, "edition", "2026-08"),
                said(golden, "environment", "public"),
            );
            (golden.object.clone(), edition, cloud)
        })
        .collect();
    let mut missing = Vec::new();
    for (workload, first) in WORKLOADS {
        for edition in ["2011", "2020-07", "2022-10", "2026-08"]
            .into_iter()
            .filter(|edition| *edition >= first)
        {
            for cloud in ["public", "usgovernment", "china"] {
                if !there.contains(&(workload.to_owned(), edition.to_owned(), cloud.to_owned())) {
                    missing.push(format!("{workload} {edition} {cloud}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_plans_are_the_documents_tables() {
    let goldens = goldens();
    let workspace = Workspace::new();
    let head = "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";
    let all: String = goldens.iter().map(Golden::configuration).collect();
    workspace.write(&format!("{head}{all}"));
    let plan = workspace.plan();
    for golden in &goldens {
        let output = &plan.json()["planned_values"]["outputs"][&golden.name]["value"];
        let planned = golden.planned(output);
        let missing: Vec<_> = golden.rows.difference(&planned).collect();
        let surplus: Vec<_> = planned.difference(&golden.rows).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{}: missing {missing:#?}, surplus {surplus:#?}",
            golden.name
        );
        if let Some(expected) = &golden.endpoints {
            let endpoints = output["service_endpoints"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            assert_eq!(
                &endpoints.map(str::to_owned).collect::<BTreeSet<_>>(),
                expected,
                "{}",
                golden.name
            );
        }
    }
}
