locals {
  # The same object as the data source's `policy`, without a data source: known at plan, even inside a module with `depends_on`.
  server = provider::lockeddown::expand("cyclecloud_subnet", {
    role                    = "server"
    location                = "westeurope"
    edition                 = "2026-08"
    subnet_address_prefixes = ["10.0.0.0/28"]
    node_address_prefixes   = ["10.0.1.0/24"]
  })
}

output "security_rules" {
  value = { for name, rule in local.server.security_rules : name => "${rule.direction} ${rule.priority} ${rule.access}" }
}

output "service_endpoints" {
  value = local.server.service_endpoints
}
