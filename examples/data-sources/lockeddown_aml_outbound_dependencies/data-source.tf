# What the firewall is opened for …
data "lockeddown_aml_compute_egress" "training" {
  location                       = "westeurope"
  edition                        = "2026-08"
  subnet_address_prefixes        = ["10.0.1.0/24"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  default_storage_account_name   = "examplestorage"

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.1.0.4"
  }
}

# … beside what the workspace says its computes talk to.
data "lockeddown_aml_outbound_dependencies" "training" {
  workspace_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.MachineLearningServices/workspaces/mlw-training"
  policies     = [data.lockeddown_aml_compute_egress.training.policy]
}

check "every_host_is_reachable" {
  assert {
    condition     = data.lockeddown_aml_outbound_dependencies.training.complete
    error_message = "Closed: ${join(", ", data.lockeddown_aml_outbound_dependencies.training.missing[*].host)}"
  }
}

output "surplus" {
  value = { for host in data.lockeddown_aml_outbound_dependencies.training.surplus : host.host => host.requirement_ids }
}
