variable "service_tag_file" {
  description = "Microsoft's current file: ServiceTags_Public_….json."
  type        = string
}

variable "previous_service_tag_file" {
  description = "The file of the last rollout, to see what changed since."
  type        = string
  default     = null
}

data "lockeddown_service_tag" "storage" {
  path          = var.service_tag_file
  previous_file = var.previous_service_tag_file
  tags          = ["Storage", "AzureContainerRegistry"]
  location      = "westeurope"
}

# For a firewall on premises, which knows no service tags.
output "allowed_prefixes" {
  value = data.lockeddown_service_tag.storage.ipv4_prefixes
}

output "storage_tag" {
  value = data.lockeddown_service_tag.storage.by_tag["Storage"].name # Storage.WestEurope
}

output "new_since_last_rollout" {
  value = data.lockeddown_service_tag.storage.added
}
