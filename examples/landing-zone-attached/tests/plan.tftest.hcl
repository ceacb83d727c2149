run "every_name_among_others_says_whose_it_is" {
  command = plan

  assert {
    condition = alltrue([
      for name in keys(output.security_rules.server) : startswith(name, "cyclecloud-")
    ])
    error_message = "A rule has a name that others may have."
  }
}

run "every_rule_among_others_is_about_one_subnet" {
  command = plan

  assert {
    condition = alltrue([
      for rule in values(output.security_rules.nodes) :
      (rule.direction == "Inbound" ? rule.destination_address_prefix : rule.source_address_prefix) == "10.1.4.0/22"
    ])
    error_message = "A rule is about everybody who has the group."
  }
}
