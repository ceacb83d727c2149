# Before `edition` is raised: what would change?
data "lockeddown_edition_diff" "node" {
  workload     = "cyclecloud_subnet"
  from_edition = "2020-07"
  to_edition   = "2026-08"

  inputs = {
    role                    = "node"
    location                = "westeurope"
    server_address_prefixes = ["10.0.0.0/28"]
  }
}

output "summary" {
  value = data.lockeddown_edition_diff.node.summary
}

# A gate for pipelines: nothing that was closed may be opened unseen.
check "no_new_rules" {
  assert {
    condition     = length(data.lockeddown_edition_diff.node.security_rules.added) == 0
    error_message = "Edition 2026-08 adds rules: ${join(", ", keys(data.lockeddown_edition_diff.node.security_rules.added))}"
  }
}
