# Lets the junction box pass what nodes send through the tunnel on to the license server. Run as administrator at every boot.
$ErrorActionPreference = 'Stop'

Set-NetIPInterface -AddressFamily IPv4 -Forwarding Enabled
Set-Service -Name 'RemoteAccess' -StartupType Automatic
Start-Service -Name 'RemoteAccess'
