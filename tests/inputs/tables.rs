//! The arguments, in Terraform's language, to which the tables in `tests/tables` are the answer.

/// What of a plan a table shows.
#[derive(Clone, Copy)]
pub(crate) enum View {
    /// `security_rules`.
    Rules,
    /// `counterpart_rules`, with the role in front.
    Counterparts,
    /// The firewall's collections.
    Collections,
    /// `managed_security_rules`, and the subnet's own rules behind them.
    Databricks,
}

pub(crate) const ATTACHED: &str = "lockeddown_aml_attached_compute_ingress";
pub(crate) const KUBERNETES: &str = "lockeddown_aml_kubernetes_egress";
pub(crate) const CONNECTION: &str = "lockeddown_cyclecloud_connection";
pub(crate) const DATABRICKS: &str = "lockeddown_aml_databricks_network";
pub(crate) const LICENSE: &str = "lockeddown_license_server_link";

pub(crate) const INGRESS: &str = "lockeddown_aml_compute_ingress";
pub(crate) const EGRESS: &str = "lockeddown_aml_compute_egress";

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
pub(crate) const TABLES: &[(&str, &str, &str, &str, View)] = &[
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
