data "lockeddown_aml_databricks_network" "features" {
  location                        = "westeurope"
  public_subnet_address_prefixes  = ["10.5.0.0/24"]
  private_subnet_address_prefixes = ["10.5.1.0/24"]
  maximum_node_count              = 200
}

# What to create: azurerm_subnet and azurerm_network_security_group take these values as they are.
output "subnets" {
  value = data.lockeddown_aml_databricks_network.features.subnets
}

# What Databricks adds by itself, for reading.
output "managed_security_rules" {
  value = data.lockeddown_aml_databricks_network.features.managed_security_rules
}
