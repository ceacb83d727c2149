# Dials the junction box with the client profile that the vault keeps. It goes into OpenVPN's own folder and is never printed.
$profilePath = Join-Path $env:ProgramFiles 'OpenVPN\config-auto\license-link.ovpn'
if (-not (Test-Path $profilePath)) {
    $token = (Invoke-RestMethod -Headers @{ Metadata = 'true' } -Uri 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource={{vault_resource}}').access_token
    $secret = (Invoke-RestMethod -Headers @{ Authorization = "Bearer $token" } -Uri '{{credential}}?api-version=7.4').value
    [IO.File]::WriteAllBytes($profilePath, [Convert]::FromBase64String($secret))
}
if ((Get-Service -Name 'OpenVPNService').Status -ne 'Running') {
    Start-Service -Name 'OpenVPNService'
}
