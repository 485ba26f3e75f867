# Prints one hash of names, sizes and times of all that the tool is built from; mcu.cmd compares it with that of its last build.
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path "$PSScriptRoot/../..").Path
$parts = 'generator', 'emulation', 'runtime-templates', 'targets', 'Directory.Build.props', 'Directory.Build.targets',
    'Directory.Packages.props', 'NuGet.config', 'nuget.config', 'global.json' | ForEach-Object { Join-Path $root $_ } | Where-Object { Test-Path $_ }
$lines = Get-ChildItem -Path $parts -Recurse -File -Force | ForEach-Object {
    $name = $_.FullName.Substring($root.Length).Replace('\', '/')
    if ($name -notmatch '/(bin|obj)/') { '{0} {1} {2}' -f $name, $_.Length, $_.LastWriteTimeUtc.Ticks }
} | Sort-Object -Unique
$bytes = [System.Text.Encoding]::UTF8.GetBytes($lines -join "`n")
[System.BitConverter]::ToString([System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes)).Replace('-', '')
