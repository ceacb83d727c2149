# An Azure CycleCloud server in a subnet born locked down: its network security group holds exactly the rules that
# Microsoft's "Operating in a locked down network" demands, and the subnet never exists without it.

terraform {
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

provider "lockeddown" {}

variable "virtual_network_id" {
  description = "ARM id of an existing virtual network in West Europe that has 10.0.0.0/28 free."
  type        = string
}

resource "lockeddown_cyclecloud_subnet" "server" {
  name               = "cyclecloud-server"
  virtual_network_id = var.virtual_network_id
  location           = "westeurope"
  address_prefixes   = ["10.0.0.0/28"]

  # Nothing here carries packets out of the subnet, and a plan warns of it. One in use also has
  # nat_gateway_id = "<ARM id of a NAT gateway>"

  role                  = "server"
  node_address_prefixes = ["10.0.1.0/24"]

  # Administrators open the web interface from here and from nowhere else outside the virtual network.
  web_source_address_prefixes = ["198.51.100.0/24"]

  # An NSG cannot name hosts. These two have no service tag: without them CycleCloud runs, but shows no prices and sends no
  # error reports.
  waived_requirements = {
    CC-HOST-RATECARD = "prices come from our own dashboard"
    CC-HOST-WATSON   = "no telemetry leaves this network"
  }
}

output "security_rules" {
  description = "What the subnet's network security group holds."
  value       = lockeddown_cyclecloud_subnet.server.security_rules
}

output "node_rules" {
  description = "What the nodes' network security group needs in turn, for whoever owns it."
  value       = lockeddown_cyclecloud_subnet.server.counterpart_rules["node"]
}
