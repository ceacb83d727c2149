output "location" {
  value = provider::lockeddown::normalize_location("West Europe") # westeurope
}

# Refused unless this cloud has it.
output "location_in_china" {
  value = provider::lockeddown::normalize_location("China East 2", "china") # chinaeast2
}
