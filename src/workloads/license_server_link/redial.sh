#!/bin/bash
# Dials the VPN gateway again after a loss. Run as root at every boot; a timer repeats the check.
set -euo pipefail

cat > /usr/local/sbin/license-link-redial <<'CHECK'
#!/bin/bash
{{redial}}
CHECK
chmod 0755 /usr/local/sbin/license-link-redial

cat > /etc/systemd/system/license-link-redial.service <<'UNIT'
[Unit]
Description=Dial the VPN gateway again
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/license-link-redial
UNIT

cat > /etc/systemd/system/license-link-redial.timer <<'UNIT'
[Unit]
Description=Dial the VPN gateway again when the tunnel is lost

[Timer]
OnBootSec=30s
OnUnitActiveSec={{minutes}}min

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable --now license-link-redial.timer
