# Nodes in a subnet that exists may use license servers on premises: rules beside those of others, in their group.
resource "lockeddown_license_server_link" "licenses" {
  name                      = "licenses"
  subnet_id                 = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/subnets/existing"
  network_security_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/networkSecurityGroups/nsg-shared"
  location                  = "westeurope"
  subnet_address_prefixes   = ["10.0.32.0/24"]

  link_type       = "vpn_site_to_site"
  gateway_address = "203.0.113.4"
  license_servers = {
    main = {
      address_prefixes = ["192.168.5.10"]
      hostname         = "license.example.org"
      managers = {
        solver = { type = "flexnet", port = 27000, vendor_port = 27001 }
      }
    }
  }
}
