import {
  to = lockeddown_aml_kubernetes_egress.training
  identity = {
    rule_collection_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-aml-kubernetes-egress-training"
  }
}
