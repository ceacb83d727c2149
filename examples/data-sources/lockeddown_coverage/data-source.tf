# What the workload in the subnet needs …
data "lockeddown_cyclecloud_subnet" "server" {
  role                  = "server"
  location              = "westeurope"
  edition               = "2026-08"
  node_address_prefixes = ["10.0.1.0/24"]
}

# … beside what stands there, whoever wrote it.
data "lockeddown_coverage" "server" {
  subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/subnets/existing"
  policies  = [data.lockeddown_cyclecloud_subnet.server.policy]
}

check "everything_passes_that_must" {
  assert {
    condition     = data.lockeddown_coverage.server.verdict == "proven"
    error_message = join("\n", [for violation in data.lockeddown_coverage.server.violations : "${violation.flow}: ${violation.reason}"])
  }
}

output "lacking" {
  value = { for id, requirement in data.lockeddown_coverage.server.requirements : id => requirement.reason if requirement.status == "lacking" }
}

output "foreign_rules" {
  value = keys(data.lockeddown_coverage.server.foreign_rules)
}

# What was read can be asked further questions.
data "lockeddown_verification" "mail" {
  security_rules = data.lockeddown_coverage.server.security_rules
  routes         = data.lockeddown_coverage.server.routes

  forbidden_flows = {
    mail = { peer = "Internet", port = "25" }
  }
}
