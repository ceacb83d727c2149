# A private AKS cluster behind an Azure Firewall: a rule collection group, and nothing else.
resource "lockeddown_aml_kubernetes_egress" "training" {
  name                    = "training"
  location                = "westeurope"
  subnet_address_prefixes = ["10.4.0.0/22"]

  cluster_type            = "aks"
  workloads               = ["training"]
  workspace_guid          = "11112222-3333-4444-5555-666677778888"
  storage_account_names   = ["stmldefault"]
  container_registry_name = "crml"

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.9.4"
    firewall_dns_proxy_enabled  = true
  }
  firewall_policy_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/firewallPolicies/afwp-hub"
}
