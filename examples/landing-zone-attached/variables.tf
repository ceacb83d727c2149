variable "location" {
  description = "Region of the landing zone."
  type        = string
  default     = "westeurope"
}

variable "address_spaces" {
  description = "Address spaces of the spoke and of what is peered with it."
  type        = set(string)
  default     = ["10.1.0.0/16"]
}

variable "administrators" {
  description = "Prefixes from which CycleCloud is administered."
  type        = set(string)
  default     = ["192.168.10.0/24"]
}

variable "server_subnet" {
  description = "The CycleCloud server's subnet, with the network security group and route table that it shares with others."
  type = object({
    id                        = string
    address_prefixes          = set(string)
    network_security_group_id = string
    route_table_id            = string
  })
  default = {
    id                        = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/server"
    address_prefixes          = ["10.1.0.0/28"]
    network_security_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/networkSecurityGroups/nsg-spoke"
    route_table_id            = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/routeTables/rt-spoke"
  }
}

variable "node_subnet" {
  description = "The cluster nodes' subnet, with the network security group that it shares with others."
  type = object({
    id                        = string
    address_prefixes          = set(string)
    network_security_group_id = string
  })
  default = {
    id                        = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/nodes"
    address_prefixes          = ["10.1.4.0/22"]
    network_security_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/networkSecurityGroups/nsg-nodes"
  }
}

variable "training_subnet" {
  description = "The subnet of Azure Machine Learning's compute."
  type = object({
    id               = string
    address_prefixes = set(string)
  })
  default = {
    id               = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-spoke/providers/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/training"
    address_prefixes = ["10.1.8.0/24"]
  }
}

variable "firewall" {
  description = "The hub's firewall: its private address, and the platform team's rule collection group."
  type = object({
    private_ip_address       = string
    rule_collection_group_id = string
  })
  default = {
    private_ip_address       = "10.0.255.4"
    rule_collection_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.Network/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-platform"
  }
}
