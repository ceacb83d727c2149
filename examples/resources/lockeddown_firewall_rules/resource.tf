# What training compute needs of the hub's firewall, for a subnet whose group and routes are managed elsewhere.
data "lockeddown_aml_compute_egress" "training" {
  location                       = "westeurope"
  subnet_address_prefixes        = ["10.0.80.0/24"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  default_storage_account_name   = "examplestorage"

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.255.4"
  }
}

resource "lockeddown_firewall_rules" "training" {
  name               = "training"
  firewall_policy_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/firewallPolicies/afwp-hub"
  policies           = [data.lockeddown_aml_compute_egress.training.policy]
}
