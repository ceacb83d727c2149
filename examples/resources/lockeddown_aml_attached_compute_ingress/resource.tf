# A virtual machine that the workspace trains on, limited to what the document lists.
resource "lockeddown_aml_attached_compute_ingress" "trainer" {
  name               = "aml-trainer"
  virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  location           = "westeurope"
  address_prefixes   = ["10.0.48.0/28"]
  nat_gateway_id     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/natGateways/ng-hpc"

  compute_type = "virtual_machine"
  egress = {
    outbound_method = "nat_gateway"
  }
}
