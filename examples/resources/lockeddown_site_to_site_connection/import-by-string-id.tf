import {
  to = lockeddown_site_to_site_connection.site
  id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/connections/cyclecloud-site"
}
