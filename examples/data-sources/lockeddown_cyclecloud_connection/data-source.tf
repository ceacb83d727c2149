# The CycleCloud server stands on premises, its nodes in Azure.
data "lockeddown_cyclecloud_connection" "site" {
  type                  = "vpn_site_to_site"
  location              = "westeurope"
  server_address_spaces = ["10.0.0.0/16"]
  node_address_spaces   = ["10.1.0.0/16"]
  gateway_address       = "203.0.113.4"
}

# The arguments of azurerm_local_network_gateway.
output "local_network_gateway" {
  value = data.lockeddown_cyclecloud_connection.site.local_network_gateway
}

# For the team that runs the firewall on premises.
output "on_premises_flows" {
  value = data.lockeddown_cyclecloud_connection.site.on_premises_flows
}
