# Makes the account without administrator rights that the tunnel belongs to. Run once as administrator. Its password is random and
# leaves this process nowhere: whoever needs one sets it and keeps it in a vault.
$ErrorActionPreference = 'Stop'

if ((Get-CimInstance -ClassName Win32_ComputerSystem).PartOfDomain) {
    throw 'The junction box must not be in a domain: leave it first.'
}
if (-not (Get-LocalUser -Name 'license-link' -ErrorAction SilentlyContinue)) {
    $bytes = New-Object byte[] 32
    [System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
    $password = ConvertTo-SecureString -AsPlainText -Force ([Convert]::ToBase64String($bytes) + 'aA1!')
    New-LocalUser -Name 'license-link' -Password $password -PasswordNeverExpires -UserMayNotChangePassword | Out-Null
}
