# What the pipeline needs that puts a CycleCloud server into a subnet of its own, and license rules into a group of others.
data "lockeddown_custom_role" "pipeline" {
  name  = "Terraform network pipeline"
  scope = "/subscriptions/00000000-0000-0000-0000-000000000000"

  resources = {
    server = {
      type        = "lockeddown_cyclecloud_subnet"
      route_table = "own"
      firewall    = "policy"
    }
    licenses = {
      type                   = "lockeddown_license_server_link"
      subnet                 = "existing"
      network_security_group = "existing"
    }
  }
}

# For azurerm_role_definition: name, scope, description, assignable_scopes, and one block `permissions`.
output "role" {
  value = data.lockeddown_custom_role.pipeline
}
