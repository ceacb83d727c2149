variable "location" {
  description = "Region of the subnet, in any spelling."
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
  description = "Requirements edition. Pin it: without it a newer provider may bring a newer edition."
  type        = string
  default     = "2026-08"
}

variable "workspace_location" {
  description = "Region of the workspace; the subnet's by default."
  type        = string
  default     = null
}

variable "subnet_address_prefixes" {
  description = "Address prefixes of the subnet."
  type        = set(string)
}

variable "virtual_network_address_spaces" {
  description = "Address spaces of the network."
  type        = set(string)
}

variable "compute_types" {
  description = "What stands in the subnet: cluster, instance or both."
  type        = set(string)
  default     = ["cluster", "instance"]

  validation {
    condition     = length(var.compute_types) > 0 && alltrue([for type in var.compute_types : contains(["cluster", "instance"], type)])
    error_message = "The compute types are cluster, instance or both."
  }
}

variable "node_public_ip_enabled" {
  description = "Whether compute has public addresses."
  type        = bool
  default     = false
}

variable "maximum_node_count" {
  description = "How many nodes the clusters may have together; checked against the subnet's size."
  type        = number
  default     = null
}

variable "ssh_source_address_prefixes" {
  description = "Who may sign in to nodes by SSH."
  type        = set(string)
  default     = []
}

variable "default_storage_account_name" {
  description = "Name of the workspace's default storage account."
  type        = string
}

variable "additional_storage_account_names" {
  description = "Names of further storage accounts that compute reads or writes."
  type        = set(string)
  default     = []
}

variable "storage_access" {
  description = "How storage is reached: private_endpoint, service_endpoint or service_tag."
  type        = string
  default     = "private_endpoint"

  validation {
    condition     = contains(["private_endpoint", "service_endpoint", "service_tag"], var.storage_access)
    error_message = "Storage is reached by private_endpoint, service_endpoint or service_tag."
  }
}

variable "private_endpoint_address_prefixes" {
  description = "Addresses of the private endpoints. Required with isolation strict."
  type        = set(string)
  default     = []
}

variable "python_packages" {
  description = "Where Python packages come from: anaconda, pypi, pytorch, tensorflow. Needs an egress that knows host names."
  type        = set(string)
  default     = []
}

variable "extra_hosts" {
  description = "Further hosts that your code reaches by HTTPS."
  type        = set(string)
  default     = []
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
  description = "How packets leave the subnet."
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
  default = { outbound_method = "nat_gateway" }

  validation {
    condition     = contains(["service_tags", "firewall", "forced_tunnel", "proxy"], var.egress.type)
    error_message = "The type of egress is service_tags, firewall, forced_tunnel or proxy."
  }
}

variable "waived_requirements" {
  description = "Requirement or check id to the reason it is waived."
  type        = map(string)
  default     = {}
}
