# Dials the VPN gateway again after a loss: at every boot and by timer. Run once as administrator.
$ErrorActionPreference = 'Stop'

$command = '{{redial}}'
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -Command `"$command`""
$triggers = @(
    New-ScheduledTaskTrigger -AtStartup
    New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes {{minutes}})
)
Register-ScheduledTask -TaskName 'license-link-redial' -Action $action -Trigger $triggers -User 'SYSTEM' -RunLevel Highest -Force | Out-Null
