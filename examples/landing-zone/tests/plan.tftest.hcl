run "every_subnet_is_locked_down" {
  command = plan

  assert {
    condition = alltrue([
      for rules in output.security_rules :
      anytrue([for rule in rules : rule.access == "Deny" && rule.direction == "Outbound" && rule.destination_address_prefix == "Internet"])
    ])
    error_message = "A subnet may reach the internet."
  }
}

run "every_way_out_is_proven" {
  command = plan

  assert {
    condition     = alltrue([for verdict in output.verdicts : verdict == "proven"])
    error_message = "Not proven: ${jsonencode(output.verdicts)}"
  }
}

run "nodes_reach_their_server_and_the_license_server" {
  command = plan

  assert {
    condition = length(setintersection(
      toset(["9443", "27000", "27001"]),
      toset(flatten([for rule in output.security_rules["cyclecloud-nodes"] : coalescelist(tolist(coalesce(rule.destination_port_ranges, [])), [coalesce(rule.destination_port_range, "-")]) if rule.direction == "Outbound" && rule.access == "Allow"])),
    )) == 3
    error_message = "A port that nodes need is closed."
  }
}

run "the_report_has_every_subnet" {
  command = plan

  assert {
    condition = alltrue([
      for name in ["cyclecloud-server", "cyclecloud-nodes", "aml-firewall", "aml-forced-tunnel", "aml-proxy", "aml-service-tags"] :
      strcontains(output.report_markdown, "\n## ${name}\n")
    ])
    error_message = "A subnet is missing in the report."
  }
}
