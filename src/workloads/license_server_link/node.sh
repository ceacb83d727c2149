#!/bin/bash
# Sets the license link up on a compute node. Run as root at every boot: what it wrote before, it writes again.
set -euo pipefail

install -d -m 0755 /etc/profile.d /usr/local/sbin
cat > /etc/profile.d/license-link.sh <<'PROFILE'
{{environment}}
PROFILE

cat > /usr/local/sbin/license-link-check <<'CHECK'
#!/bin/bash
set -uo pipefail
{{dial}}
failed=0
while read -r host port; do
    if ! timeout 5 bash -c "exec 3<>/dev/tcp/${host}/${port}" 2>/dev/null; then
        logger -t license-link "no answer from ${host} port ${port}"
        failed=1
    fi
done <<'ENDPOINTS'
{{endpoints}}
ENDPOINTS
exit "${failed}"
CHECK
chmod 0755 /usr/local/sbin/license-link-check

cat > /etc/systemd/system/license-link.service <<'UNIT'
[Unit]
Description=Check the link to the license server
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/license-link-check
UNIT

cat > /etc/systemd/system/license-link.timer <<'UNIT'
[Unit]
Description=Check the link to the license server regularly

[Timer]
OnBootSec=1min
OnUnitActiveSec={{minutes}}min

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable --now license-link.timer
