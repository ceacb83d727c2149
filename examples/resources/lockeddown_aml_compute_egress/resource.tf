# A subnet for training behind an Azure Firewall: group, route table, rule collection group and subnet are one resource.
resource "lockeddown_aml_compute_egress" "training" {
  name               = "aml-training"
  virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  location           = "westeurope"
  address_prefixes   = ["10.0.16.0/24"]

  virtual_network_address_spaces = ["10.0.0.0/16"]
  default_storage_account_name   = "examplestorage"
  python_packages                = ["pypi"]

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.255.4"
  }
  firewall_policy_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/firewallPolicies/afwp-hub"
  rule_collection_group_priority = 2000
}
