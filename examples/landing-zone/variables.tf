variable "location" {
  description = "Region of the landing zone."
  type        = string
  default     = "westeurope"
}

variable "resource_group_id" {
  description = "ARM id of the resource group with the spokes' virtual networks vnet-server, vnet-nodes and vnet-aml."
  type        = string
  default     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc"
}

variable "hub" {
  description = "What the platform team runs in the hub."
  type = object({
    address_space               = string
    firewall_policy_id          = string
    firewall_private_ip_address = string
    proxy_address               = string
    nat_gateway_id              = string
    virtual_network_gateway_id  = string
  })
  default = {
    address_space               = "10.0.0.0/16"
    firewall_policy_id          = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.Network/firewallPolicies/afwp-hub"
    firewall_private_ip_address = "10.0.255.4"
    proxy_address               = "10.0.9.4/32"
    nat_gateway_id              = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/natGateways/ng-hpc"
    virtual_network_gateway_id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworkGateways/vgw-hub"
  }
}

variable "administrators" {
  description = "Prefixes from which CycleCloud is administered."
  type        = set(string)
  default     = ["192.168.10.0/24"]
}
