output "pair" {
  value = provider::lockeddown::region_pair("westeurope") # northeurope
}

output "no_pair" {
  value = provider::lockeddown::region_pair("polandcentral") == null # true
}
