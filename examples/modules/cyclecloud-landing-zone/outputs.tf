output "subnet_ids" {
  description = "ARM ids of the subnets, by role."
  value       = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => subnet.subnet_id }
}

output "network_security_group_ids" {
  description = "ARM ids of the subnets' network security groups, by role."
  value       = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => subnet.associated_network_security_group_id }
}

output "cyclecloud_subnet_id" {
  description = "The nodes' subnet as CycleCloud's templates name it."
  value       = lockeddown_cyclecloud_subnet.this["node"].cyclecloud_subnet_id
}

output "security_rules" {
  description = "Rules of each subnet, by role."
  value       = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => subnet.security_rules }
}

output "hosts" {
  description = "Hosts that a proxy or firewall must let pass, by role."
  value       = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => keys(subnet.hosts) }
}

output "rule_collections" {
  description = "What the firewall must let pass, by role, for whoever runs it."
  value = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => {
    network     = subnet.network_rule_collections
    application = subnet.application_rule_collections
  } }
}

output "prerequisites" {
  description = "What must hold outside the reach of any rule, by role and requirement id."
  value       = { for role, subnet in lockeddown_cyclecloud_subnet.this : role => subnet.prerequisites }
}
