locals {
  server = {
    role                    = "server"
    location                = "westeurope"
    edition                 = "2026-08"
    subnet_address_prefixes = ["10.0.0.0/28"]
    node_address_prefixes   = ["10.0.1.0/24"]
  }

  # What would version 7 of CycleCloud let pass that version 8 does not?
  version_7 = provider::lockeddown::rules_diff(
    provider::lockeddown::expand("cyclecloud_subnet", local.server),
    provider::lockeddown::expand("cyclecloud_subnet", merge(local.server, { cyclecloud_version = 7 })),
  )
}

output "newly_allowed" {
  value = [for change in local.version_7.newly_allowed : "${change.packet} by ${change.allowed_by}"]
}

output "newly_denied" {
  value = local.version_7.newly_denied
}
