# Compute with public IP addresses behind a default route to a firewall: one opening, and the route back past the firewall.
data "lockeddown_aml_compute_ingress" "compute" {
  location                    = "westeurope"
  subnet_address_prefixes     = ["10.0.1.0/24"]
  node_public_ip_enabled      = true
  default_route_next_hop_type = "VirtualAppliance"
  maximum_node_count          = 100
  instance_count              = 20
}

output "security_rules" {
  value = data.lockeddown_aml_compute_ingress.compute.security_rules
}

output "routes" {
  value = data.lockeddown_aml_compute_ingress.compute.routes
}
