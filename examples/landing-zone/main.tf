# A landing zone for HPC and machine learning without open internet access: a hub with a firewall and a gateway, a CycleCloud server and its nodes
# in spokes of their own, Azure Machine Learning in one spoke with a subnet for each way out, and license servers on premises.
#
# The platform team owns hub and networks: their ids come in as variables. This configuration owns the subnets, with everything in them that the
# requirements demand. `terraform plan` and `terraform test` need no Azure account.

terraform {
  required_version = ">= 1.8"
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

locals {
  server_spoke = "10.1.0.0/16"
  node_spoke   = "10.2.0.0/16"
  aml_spoke    = "10.3.0.0/16"

  server_subnet = "10.1.0.0/28"
  node_subnet   = "10.2.0.0/22"

  network = {
    for name in ["server", "nodes", "aml"] :
    name => "${var.resource_group_id}/providers/Microsoft.Network/virtualNetworks/vnet-${name}"
  }

  through_the_firewall = {
    type                        = "firewall"
    firewall_private_ip_address = var.hub.firewall_private_ip_address
    firewall_dns_proxy_enabled  = true
  }
}
