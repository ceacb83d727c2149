# Sets the license link up on a compute node. Run as administrator at every boot: what it wrote before, it writes again.
$ErrorActionPreference = 'Stop'

{{environment}}

$folder = Join-Path $env:ProgramData 'license-link'
New-Item -ItemType Directory -Force -Path $folder | Out-Null
@'
{{dial}}
$endpoints = @(
{{endpoints}}
)
foreach ($endpoint in $endpoints) {
    if (-not (Test-NetConnection -ComputerName $endpoint.Name -Port $endpoint.Port -InformationLevel Quiet -WarningAction SilentlyContinue)) {
        eventcreate /ID 1 /L APPLICATION /T WARNING /SO license-link /D "no answer from $($endpoint.Name) port $($endpoint.Port)" | Out-Null
    }
}
'@ | Set-Content -Path (Join-Path $folder 'check.ps1')

$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -ExecutionPolicy Bypass -File `"$folder\check.ps1`""
$triggers = @(
    New-ScheduledTaskTrigger -AtStartup
    New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes {{minutes}})
)
Register-ScheduledTask -TaskName 'license-link' -Action $action -Trigger $triggers -User 'SYSTEM' -RunLevel Highest -Force | Out-Null
