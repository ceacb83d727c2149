run "nothing_leaves_but_what_is_required" {
  command = plan

  assert {
    condition = toset([
      for rule in output.security_rules : rule.destination_address_prefix
      if rule.direction == "Outbound" && rule.access == "Allow"
    ]) == toset(["Storage", "AzureActiveDirectory", "AzureMonitor", "AzureResourceManager"])
    error_message = "The server may talk to other services than the document says."
  }

  assert {
    condition = anytrue([
      for rule in output.security_rules :
      rule.direction == "Outbound" && rule.access == "Deny" && rule.destination_address_prefix == "Internet"
    ])
    error_message = "An allow list without its deny closes nothing."
  }
}

run "nobody_is_an_administrator_unless_named" {
  command = plan

  assert {
    condition     = !contains([for rule in output.security_rules : rule.destination_port_range if rule.direction == "Inbound"], "443")
    error_message = "The web interface is open."
  }
}

run "administrators_come_from_their_prefixes_alone" {
  command = plan

  variables {
    administrators = ["198.51.100.0/24"]
  }

  assert {
    condition = [
      for rule in output.security_rules : rule.source_address_prefix
      if rule.direction == "Inbound" && rule.destination_port_range == "443"
    ] == ["198.51.100.0/24"]
    error_message = "The web interface is open to others than administrators."
  }
}

# The function needs no data source to be planned: a table of cases in one run.
run "every_cloud_has_the_same_priorities" {
  command = plan

  assert {
    condition = alltrue([
      for environment, location in { public = "westeurope", usgovernment = "usgovvirginia", china = "chinaeast2" } :
      provider::lockeddown::expand("cyclecloud_subnet", {
        role                  = "server"
        location              = location
        environment           = environment
        node_address_prefixes = ["10.0.1.0/24"]
      }).security_rules["AllowAzureRM"].priority == output.security_rules["AllowAzureRM"].priority
    ])
    error_message = "The documented priority moved."
  }
}
