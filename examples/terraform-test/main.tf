# A module as it might stand in your repository: the network security group of a CycleCloud server.
# `terraform test` checks it without an Azure account, without credentials and without a network.

terraform {
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

variable "location" {
  type    = string
  default = "westeurope"
}

variable "environment" {
  type    = string
  default = "public"
}

variable "edition" {
  type    = string
  default = "2026-08"
}

variable "isolation" {
  type    = string
  default = "internet"
}

variable "administrators" {
  description = "Prefixes from which the web interface may be opened."
  type        = set(string)
  default     = []
}

data "lockeddown_cyclecloud_subnet" "server" {
  role                        = "server"
  location                    = var.location
  environment                 = var.environment
  edition                     = var.edition
  isolation                   = var.isolation
  subnet_address_prefixes     = ["10.0.0.0/28"]
  node_address_prefixes       = ["10.0.1.0/24"]
  web_source_address_prefixes = var.administrators

  waived_requirements = {
    CC-HOST-RATECARD = "prices come from our own dashboard"
    CC-HOST-WATSON   = "no telemetry leaves this network"
  }
}

# Hand this to `azurerm_network_security_group`, `azapi_resource` or an Azure Verified Module.
output "security_rules" {
  value = data.lockeddown_cyclecloud_subnet.server.security_rules
}
