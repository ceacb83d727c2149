variable "name" {
  description = "Beginning of the subnets' names."
  type        = string
  default     = "cyclecloud"
}

variable "virtual_network_id" {
  description = "ARM id of the virtual network in which the subnets are created."
  type        = string
}

variable "location" {
  description = "Region of the virtual network, in any spelling."
  type        = string
}

variable "environment" {
  description = "Azure cloud; the provider's by default."
  type        = string
  default     = null
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
}

variable "isolation" {
  description = "What is denied after the required flows: none, internet or strict."
  type        = string
  default     = "internet"
}

variable "egress" {
  description = "How packets leave both subnets."
  type = object({
    type                        = optional(string, "service_tags")
    outbound_method             = optional(string)
    firewall_private_ip_address = optional(string)
    proxy_address               = optional(string)
    proxy_port                  = optional(number)
  })
  default = {}
}

variable "nat_gateway_id" {
  description = "ARM id of a NAT gateway for both subnets."
  type        = string
  default     = null
}

variable "firewall_policy_id" {
  description = "With egress.type firewall: the policy that gets a rule collection group for each subnet. Without it the collections are outputs only."
  type        = string
  default     = null
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
