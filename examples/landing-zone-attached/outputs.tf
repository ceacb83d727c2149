output "security_rules" {
  description = "The rules that this configuration adds, by subnet."
  value = {
    server   = lockeddown_cyclecloud_subnet.server.security_rules
    nodes    = merge(lockeddown_cyclecloud_subnet.nodes.security_rules, lockeddown_license_server_link.licenses.security_rules)
    training = lockeddown_aml_compute_egress.training.security_rules
  }
}

output "on_premises_flows" {
  description = "What the firewall on premises must let pass."
  value       = lockeddown_license_server_link.licenses.on_premises_flows
}
