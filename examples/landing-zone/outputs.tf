output "verdicts" {
  description = "What is proven of each way out of Azure Machine Learning."
  value       = { for way_out, verification in data.lockeddown_verification.aml : way_out => verification.verdict }
}

output "peerings" {
  description = "Both halves of the peering between the spokes."
  value       = data.lockeddown_cyclecloud_connection.spokes.peerings
}

output "on_premises_flows" {
  description = "What the firewall on premises must let pass."
  value       = data.lockeddown_license_server_link.licenses.on_premises_flows
}

output "license_environment" {
  description = "What jobs need to find their license servers."
  value       = data.lockeddown_license_server_link.licenses.environment_variables["linux"]
}

output "security_rules" {
  description = "Rules of every subnet."
  value = merge(
    {
      cyclecloud-server = lockeddown_cyclecloud_subnet.server.security_rules
      cyclecloud-nodes  = lockeddown_subnet.nodes.security_rules
    },
    { for way_out, subnet in lockeddown_subnet.aml : "aml-${way_out}" => subnet.security_rules },
  )
}

output "proxy_allow_list" {
  description = "What the proxy must let pass for the subnet that leaves through it."
  value       = module.aml["proxy"].hosts
}
