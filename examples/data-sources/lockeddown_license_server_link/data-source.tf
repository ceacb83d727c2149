# Nodes in Azure, the license server on premises behind a VPN device.
data "lockeddown_license_server_link" "licenses" {
  link_type               = "vpn_site_to_site"
  location                = "westeurope"
  subnet_address_prefixes = ["10.1.0.0/24"]
  gateway_address         = "203.0.113.4"

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

output "security_rules" {
  value = data.lockeddown_license_server_link.licenses.security_rules
}

# What jobs need: LM_LICENSE_FILE.
output "environment_variables" {
  value = data.lockeddown_license_server_link.licenses.environment_variables["linux"]
}

# For a scale set's or cluster-init's start-up.
output "startup_script" {
  value = data.lockeddown_license_server_link.licenses.startup_scripts["linux"]
}
