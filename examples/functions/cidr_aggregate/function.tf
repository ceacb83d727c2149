output "prefixes" {
  value = provider::lockeddown::cidr_aggregate(["10.0.0.0/24", "10.0.1.0/24", "10.0.1.7"]) # ["10.0.0.0/23"]
}
