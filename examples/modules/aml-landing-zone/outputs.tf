output "security_rules" {
  description = "Rules of the subnet's network security group, by name, in azurerm's shape."
  value       = data.lockeddown_composition.this.security_rules
}

output "routes" {
  description = "Routes of the subnet's route table, by name, in azurerm's shape."
  value       = data.lockeddown_composition.this.routes
}

output "bgp_route_propagation_enabled" {
  description = "Whether the route table takes over routes that gateways learn."
  value       = data.lockeddown_composition.this.bgp_route_propagation_enabled
}

output "service_endpoints" {
  description = "Service endpoints of the subnet."
  value       = data.lockeddown_composition.this.service_endpoints
}

output "network_rule_collections" {
  description = "Network rules of the firewall in front of the subnet."
  value       = data.lockeddown_composition.this.network_rule_collections
}

output "application_rule_collections" {
  description = "Application rules of the firewall in front of the subnet."
  value       = data.lockeddown_composition.this.application_rule_collections
}

output "hosts" {
  description = "Hosts that a proxy must let pass."
  value       = sort(keys(data.lockeddown_composition.this.hosts))
}

output "prerequisites" {
  description = "What must hold outside the reach of any rule, by requirement id."
  value       = data.lockeddown_composition.this.prerequisites
}

output "proof" {
  description = "What was proven of both sides together."
  value       = data.lockeddown_composition.this.proof
}

output "policies" {
  description = "Both policies, for `lockeddown_subnet`, `lockeddown_firewall_rules` and `lockeddown_verification`."
  value = [
    data.lockeddown_aml_compute_ingress.this.policy,
    data.lockeddown_aml_compute_egress.this.policy,
  ]
}
