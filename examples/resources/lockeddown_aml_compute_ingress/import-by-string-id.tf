import {
  to = lockeddown_aml_compute_ingress.compute
  id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/subnets/existing|aml-in"
}
