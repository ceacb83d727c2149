variable "environment" {
  type    = string
  default = "usgovernment"
}

# First-party Front Door has a service tag in the public cloud only; elsewhere the hosts of the registry must be allowed.
output "needs_host_rules" {
  value = !provider::lockeddown::service_tag_exists("AzureFrontDoor.FirstParty", var.environment)
}
