# Every way out, without an Azure account.

variables {
  location                       = "westeurope"
  subnet_address_prefixes        = ["10.0.16.0/24"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  default_storage_account_name   = "examplestorage"
}

run "service_tags" {
  command = plan

  assert {
    condition     = length(output.routes) == 0 && length(output.network_rule_collections) == 0
    error_message = "Without an appliance there is nothing to route and nobody to tell."
  }
  assert {
    condition     = anytrue([for rule in output.security_rules : rule.access == "Deny" && rule.direction == "Outbound" && rule.destination_address_prefix == "Internet"])
    error_message = "The internet is open."
  }
  assert {
    condition     = output.proof.verdict == "proven"
    error_message = "Not proven: ${join("; ", output.proof.depends_on)}"
  }
}

run "firewall" {
  command = plan

  variables {
    egress          = { type = "firewall", firewall_private_ip_address = "10.0.255.4" }
    python_packages = ["pypi"]
  }

  assert {
    condition     = [for route in output.routes : route.next_hop_in_ip_address if route.address_prefix == "0.0.0.0/0"] == ["10.0.255.4"]
    error_message = "The default route does not lead to the firewall."
  }
  assert {
    condition     = contains(flatten(output.application_rule_collections[*].rule[*].destination_fqdns), "pypi.org")
    error_message = "The firewall does not let Python packages pass."
  }
}

run "forced_tunnel" {
  command = plan

  variables {
    egress = { type = "forced_tunnel" }
  }

  assert {
    condition     = output.bgp_route_propagation_enabled
    error_message = "The default route that the gateway learns does not reach the subnet."
  }
}

run "proxy" {
  command = plan

  variables {
    egress = { type = "proxy", proxy_address = "10.0.9.4/32", proxy_port = 3128 }
  }

  assert {
    condition     = anytrue([for rule in output.security_rules : rule.destination_address_prefix == "10.0.9.4/32" && rule.destination_port_range == "3128"])
    error_message = "The proxy cannot be reached."
  }
  assert {
    condition     = contains(output.hosts, "login.microsoftonline.com")
    error_message = "The proxy's allow list lacks the sign-in."
  }
}

run "an_unknown_way_out_is_refused" {
  command = plan

  variables {
    egress = { type = "carrier_pigeon" }
  }

  expect_failures = [var.egress]
}

run "what_is_no_choice_is_refused_with_the_right_ones" {
  command = plan

  variables {
    compute_types  = ["abacus"]
    isolation      = "total"
    storage_access = "carrier_pigeon"
    environment    = "moon"
  }

  expect_failures = [var.compute_types, var.isolation, var.storage_access, var.environment]
}
