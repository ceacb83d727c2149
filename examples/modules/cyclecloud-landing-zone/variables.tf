variable "name" {
  description = "Beginning of the subnets' names."
  type        = string
  default     = "cyclecloud"
}

variable "virtual_network_id" {
  description = "ARM id of the virtual network in which the subnets are created."
  type        = string

  validation {
    condition     = can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft[.]Network/virtualNetworks/[^/]+$", var.virtual_network_id))
    error_message = "The id is an ARM id of a virtual network, /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…."
  }
}

variable "location" {
  description = "Region of the virtual network, in any spelling."
  type        = string
}

variable "environment" {
  description = "Azure cloud; the provider's by default."
  type        = string
  default     = null

  validation {
    condition     = contains(["public", "usgovernment", "china"], coalesce(var.environment, "public"))
    error_message = "The cloud is public, usgovernment or china."
  }
}

variable "edition" {
  description = "Requirements edition; each subnet keeps the one it was created with."
  type        = string
  default     = null
}

variable "server_address_prefixes" {
  description = "Address prefixes of the server's subnet."
  type        = set(string)
}

variable "node_address_prefixes" {
  description = "Address prefixes of the nodes' subnet."
  type        = set(string)
}

variable "virtual_network_address_spaces" {
  description = "Address spaces of the network. Required with a firewall or forced tunnel, where the tag VirtualNetwork may be everything."
  type        = set(string)
  default     = null
}

variable "web_source_address_prefixes" {
  description = "Who may open the web interface."
  type        = set(string)
  default     = []
}

variable "ssh_source_address_prefixes" {
  description = "Who may sign in to the server by SSH."
  type        = set(string)
  default     = []
}

variable "storage_access" {
  description = "How Azure Storage is reached: service_endpoint or service_tag."
  type        = string
  default     = "service_endpoint"

  validation {
    condition     = contains(["service_endpoint", "service_tag"], var.storage_access)
    error_message = "Storage is reached by service_endpoint or service_tag."
  }
}

variable "isolation" {
  description = "What is denied after the required flows: none, internet or strict."
  type        = string
  default     = "internet"

  validation {
    condition     = contains(["none", "internet", "strict"], var.isolation)
    error_message = "The isolation is none, internet or strict."
  }
}

variable "egress" {
  description = "How packets leave both subnets."
  type = object({
    type                          = optional(string, "service_tags")
    outbound_method               = optional(string)
    firewall_private_ip_address   = optional(string)
    firewall_sku_tier             = optional(string)
    firewall_dns_proxy_enabled    = optional(bool)
    tls_inspection_enabled        = optional(bool)
    source_ip_group_ids           = optional(set(string))
    collection_priority_base      = optional(number)
    default_route_enabled         = optional(bool)
    forced_tunnel_source          = optional(string)
    bgp_route_propagation_enabled = optional(bool)
    filtered_internet_ports       = optional(set(string))
    proxy_address                 = optional(string)
    proxy_port                    = optional(number)
    proxy_bypass_storage          = optional(bool)
  })
  default = {}

  validation {
    condition     = contains(["service_tags", "firewall", "forced_tunnel", "proxy"], var.egress.type)
    error_message = "The type of egress is service_tags, firewall, forced_tunnel or proxy."
  }
}

variable "nat_gateway_id" {
  description = "ARM id of a NAT gateway for both subnets."
  type        = string
  default     = null

  validation {
    condition     = var.nat_gateway_id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft[.]Network/natGateways/[^/]+$", var.nat_gateway_id))
    error_message = "The id is an ARM id of a NAT gateway, /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/natGateways/…."
  }
}

variable "firewall_policy_id" {
  description = "With egress.type firewall: the policy that gets a rule collection group for each subnet. Without it the collections are outputs only."
  type        = string
  default     = null

  validation {
    condition     = var.firewall_policy_id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft[.]Network/firewallPolicies/[^/]+$", var.firewall_policy_id))
    error_message = "The id is an ARM id of a firewall policy, /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/firewallPolicies/…."
  }
}

variable "rule_collection_group_priority" {
  description = "Priority of the server's rule collection group; the nodes' is this + 10."
  type        = number
  default     = 1000
}

variable "waived_requirements" {
  description = "Requirement or check id to the reason it is waived."
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of what is created."
  type        = map(string)
  default     = {}
}
