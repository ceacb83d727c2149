terraform import lockeddown_site_to_site_connection.site /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/connections/cyclecloud-site
