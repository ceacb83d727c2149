# Dials the junction box with the client profile that the vault keeps. It passes through pipes and is never printed.
if ! systemctl is-active --quiet openvpn-client@license-link; then
    umask 077
    token=$(curl -fsS -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource={{vault_resource}}' \
        | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
    curl -fsS -H @- '{{credential}}?api-version=7.4' <<< "Authorization: Bearer ${token}" \
        | sed -n 's/.*"value":"\([^"]*\)".*/\1/p' | base64 -d > /etc/openvpn/client/license-link.conf
    systemctl restart openvpn-client@license-link || logger -t license-link 'the junction box does not answer'
fi
