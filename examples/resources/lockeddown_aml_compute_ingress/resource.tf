# A subnet that somebody else manages gets what Azure Machine Learning's compute must accept.
resource "lockeddown_aml_compute_ingress" "compute" {
  name      = "aml-in"
  subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/subnets/existing"
  location  = "westeurope"

  subnet_address_prefixes = ["10.0.32.0/24"]
  maximum_node_count      = 100
}
