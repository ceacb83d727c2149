# Lets the junction box pass license traffic on to the license server. Run as administrator; Windows keeps it over reboots.
$ErrorActionPreference = 'Stop'

$forwards = @(
{{forwards}}
)
foreach ($forward in $forwards) {
    foreach ($port in ($forward.First)..($forward.Last)) {
        netsh interface portproxy add v4tov4 listenport=$port connectaddress=$($forward.Server) connectport=$port | Out-Null
    }
    $name = "license-link $($forward.First)-$($forward.Last)"
    Remove-NetFirewallRule -DisplayName $name -ErrorAction SilentlyContinue
    New-NetFirewallRule -DisplayName $name -Direction Inbound -Action Allow -Protocol TCP -LocalPort "$($forward.First)-$($forward.Last)" | Out-Null
}
