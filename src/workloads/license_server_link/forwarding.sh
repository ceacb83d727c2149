#!/bin/bash
# Lets the junction box pass license traffic on to the license server, and nothing else. Run as root at every boot.
set -euo pipefail

sysctl -q -w net.ipv4.ip_forward=1
nft -f - <<'RULES'
table ip license_link
delete table ip license_link
table ip license_link {
    chain prerouting {
        type nat hook prerouting priority dstnat;
{{translations}}
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
{{forwards}}
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        ip daddr { {{servers}} } masquerade
    }
}
RULES
