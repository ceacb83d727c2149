# Dials the junction box with the certificate that the vault keeps. It stays in memory and in the machine's store and is never printed.
$connection = Get-VpnConnection -AllUserConnection -Name 'license-link' -ErrorAction SilentlyContinue
if (-not $connection) {
    $token = (Invoke-RestMethod -Headers @{ Metadata = 'true' } -Uri 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource={{vault_resource}}').access_token
    $secret = (Invoke-RestMethod -Headers @{ Authorization = "Bearer $token" } -Uri '{{credential}}?api-version=7.4').value
    $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]'MachineKeySet, PersistKeySet'
    $certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2([Convert]::FromBase64String($secret), '', $flags)
    $store = New-Object System.Security.Cryptography.X509Certificates.X509Store('My', 'LocalMachine')
    $store.Open('ReadWrite')
    $store.Add($certificate)
    $store.Close()
    Add-VpnConnection -AllUserConnection -Name 'license-link' -ServerAddress '{{junction_box}}' -TunnelType Ikev2 -AuthenticationMethod MachineCertificate -SplitTunneling -Force
    foreach ($prefix in @({{servers}})) {
        Add-VpnConnectionRoute -AllUserConnection -ConnectionName 'license-link' -DestinationPrefix $prefix
    }
}
if ((Get-VpnConnection -AllUserConnection -Name 'license-link').ConnectionStatus -ne 'Connected') {
    rasdial 'license-link' | Out-Null
}
