# The rules somebody wrote by hand …
locals {
  security_rules = {
    AllowStorage = {
      priority                   = 100
      direction                  = "Outbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = "443"
      destination_address_prefix = "Storage"
    }
    BlockOutbound = {
      priority                   = 4000
      direction                  = "Outbound"
      access                     = "Deny"
      protocol                   = "*"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = "*"
      destination_address_prefix = "Internet"
    }
  }
}

# … against what a CycleCloud server needs, and what must never leave.
data "lockeddown_cyclecloud_subnet" "server" {
  role                    = "server"
  location                = "westeurope"
  edition                 = "2026-08"
  subnet_address_prefixes = ["10.0.0.0/28"]
  node_address_prefixes   = ["10.0.1.0/24"]
}

data "lockeddown_verification" "by_hand" {
  policies       = [data.lockeddown_cyclecloud_subnet.server.policy]
  security_rules = local.security_rules

  forbidden_flows = {
    mail = { peer = "Internet", port = "25" }
  }
}

output "violations" {
  # Entra ID, Azure Monitor and Azure Resource Manager are closed.
  value = [for violation in data.lockeddown_verification.by_hand.violations : "${violation.flow}: ${violation.reason}"]
}

# The expansion itself is proven; a `precondition` on this keeps it so.
data "lockeddown_verification" "expansion" {
  policies = [data.lockeddown_cyclecloud_subnet.server.policy]
}

output "verdict" {
  value = data.lockeddown_verification.expansion.verdict

  precondition {
    condition     = data.lockeddown_verification.expansion.verdict == "proven"
    error_message = "A requirement is not met."
  }
}
