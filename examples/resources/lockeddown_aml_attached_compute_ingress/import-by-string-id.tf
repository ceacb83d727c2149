import {
  to = lockeddown_aml_attached_compute_ingress.trainer
  id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/subnets/aml-trainer"
}
