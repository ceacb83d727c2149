data "lockeddown_cyclecloud_subnet" "server" {
  role                    = "server"
  location                = "westeurope"
  subnet_address_prefixes = ["10.0.0.0/28"]
  node_address_prefixes   = ["10.0.1.0/24"]
}

output "security_rules" {
  value = data.lockeddown_cyclecloud_subnet.server.security_rules
}
