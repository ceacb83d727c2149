import {
  to = lockeddown_firewall_rules.training
  id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-firewall-rules-training"
}
