locals {
  server = provider::lockeddown::expand("cyclecloud_subnet", {
    role                    = "server"
    location                = "westeurope"
    edition                 = "2026-08"
    subnet_address_prefixes = ["10.0.0.0/28"]
    node_address_prefixes   = ["10.0.1.0/24"]
  })

  key_vault = provider::lockeddown::explain_flow(local.server, {
    peer  = "AzureKeyVault"
    port  = 443
    local = "10.0.0.0/28"
  })
}

output "key_vault" {
  value = "${local.key_vault.verdict}: ${local.key_vault.reason}" # refuted: the rule `BlockOutbound` (priority 4000) denies it
}

# What the documents demand passes.
output "resource_manager" {
  value = provider::lockeddown::explain_flow(local.server, { peer = "AzureResourceManager", port = 443 }).verdict
}
