# Before `edition` is raised: what would change?
data "lockeddown_edition_diff" "attached" {
  workload     = "aml_attached_compute_ingress"
  from_edition = "2020-07"
  to_edition   = "2026-08"

  inputs = {
    compute_type            = "virtual_machine"
    location                = "westeurope"
    subnet_address_prefixes = ["10.0.0.0/24"]
  }

  # A gate for pipelines: nothing that was closed is opened unseen. A `check` block would only warn.
  lifecycle {
    postcondition {
      condition     = length(self.security_rules.added) == 0
      error_message = "Edition 2026-08 adds rules: ${join(", ", keys(self.security_rules.added))}"
    }
  }
}

output "summary" {
  value = data.lockeddown_edition_diff.attached.summary
}
