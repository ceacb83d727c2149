# From Azure instead of a file: the provider needs credentials, and a subscription of the cloud in question.
data "lockeddown_service_tag" "from_azure" {
  source   = "api"
  tags     = ["Storage", "AzureContainerRegistry"]
  location = "westeurope"
}

output "from_azure" {
  value = data.lockeddown_service_tag.from_azure.ipv4_prefixes
}
