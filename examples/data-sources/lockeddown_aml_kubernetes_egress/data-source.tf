# A private AKS cluster behind an Azure Firewall: no security rules, only rule collections.
data "lockeddown_aml_kubernetes_egress" "training" {
  cluster_type            = "aks"
  workloads               = ["training"]
  location                = "westeurope"
  subnet_address_prefixes = ["10.4.0.0/22"]

  workspace_guid          = "11112222-3333-4444-5555-666677778888"
  storage_account_names   = ["stmldefault"]
  container_registry_name = "crml"

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.9.4"
    firewall_dns_proxy_enabled  = true
  }
}

output "application_rule_collections" {
  value = data.lockeddown_aml_kubernetes_egress.training.application_rule_collections
}

output "network_rule_collections" {
  value = data.lockeddown_aml_kubernetes_egress.training.network_rule_collections
}
