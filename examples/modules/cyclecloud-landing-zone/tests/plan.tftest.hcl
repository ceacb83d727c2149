# Plans without an Azure account: the ids of what will be follow from names, and a plan never asks Azure.

variables {
  virtual_network_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  location                       = "westeurope"
  server_address_prefixes        = ["10.0.0.0/28"]
  node_address_prefixes          = ["10.0.1.0/24"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  nat_gateway_id                 = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/natGateways/ng-hpc"
}

run "both_subnets_are_locked_down" {
  command = plan

  assert {
    condition = alltrue([
      for rules in output.security_rules :
      anytrue([for rule in rules : rule.direction == "Outbound" && rule.access == "Deny" && rule.destination_address_prefix == "Internet"])
    ])
    error_message = "A subnet may reach the internet."
  }
}

run "nodes_reach_the_server_and_the_server_expects_them" {
  command = plan

  assert {
    condition = (
      contains([for rule in output.security_rules["node"] : rule.destination_port_range if rule.direction == "Outbound"], "9443") &&
      contains([for rule in output.security_rules["server"] : rule.source_address_prefix if rule.destination_port_range == "9443"], "10.0.1.0/24")
    )
    error_message = "Only one side opens 9443."
  }
}

run "nobody_administers_unless_named" {
  command = plan

  assert {
    condition     = !anytrue([for rule in output.security_rules["server"] : contains(["22", "443"], coalesce(rule.destination_port_range, "-")) if rule.direction == "Inbound"])
    error_message = "The server can be administered from somewhere."
  }
}

run "behind_a_firewall" {
  command = plan

  variables {
    egress             = { type = "firewall", firewall_private_ip_address = "10.0.255.4" }
    firewall_policy_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.Network/firewallPolicies/afwp-hub"
  }

  assert {
    condition     = alltrue([for role in ["server", "node"] : length(concat(output.rule_collections[role].network, output.rule_collections[role].application)) > 0])
    error_message = "The firewall lets nothing pass."
  }
}

run "what_is_no_id_or_no_choice_is_refused_with_the_right_ones" {
  command = plan

  variables {
    virtual_network_id = "vnet-hpc"
    nat_gateway_id     = "ng-hpc"
    firewall_policy_id = "afwp-hub"
    isolation          = "total"
    storage_access     = "carrier_pigeon"
    environment        = "moon"
  }

  expect_failures = [var.virtual_network_id, var.nat_gateway_id, var.firewall_policy_id, var.isolation, var.storage_access, var.environment]
}
