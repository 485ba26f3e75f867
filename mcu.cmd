@echo off
rem Launcher for Windows: builds the tool when its sources changed and passes every argument on.
setlocal
set "DOTNET_CLI_TELEMETRY_OPTOUT=1"
set "DOTNET_NOLOGO=1"
set "MCU_HOME=%~dp0"
set "MCU_STATE=%~dp0.mcu"
set "MCU_DLL=%~dp0generator\Mcu.Tool\bin\Release\net10.0\mcu.dll"
set "MCU_JSON="
set "MCU_DOTNET="
set "MCU_SDK="
set "MCU_STAMP="
set "MCU_BUILT="

:scan
if "%~1"=="" goto scanned
if "%~1"=="--" goto scanned
if "%~1"=="--json" set "MCU_JSON=yes"
shift /1
goto scan
:scanned

for %%x in (dotnet.exe dotnet.cmd) do if not defined MCU_DOTNET if not "%%~$PATH:x"=="" set "MCU_DOTNET=%%~$PATH:x"
if not defined MCU_DOTNET (
    set "MCU_EXIT=5"
    set "MCU_CODE=MCU1010"
    set "MCU_SAYS=The .NET 10 SDK is not installed: there is no 'dotnet'."
    set "MCU_HINT=Install it from https://dotnet.microsoft.com/download."
    goto fail
)

rem One word for all that the tool is built from; none, and so a build, where PowerShell is missing.
for /f "delims=" %%h in ('powershell -NoProfile -ExecutionPolicy Bypass -File "%MCU_HOME%generator\Mcu.Tool\sources.ps1"') do set "MCU_STAMP=%%h"
if not exist "%MCU_DLL%" goto build
if not defined MCU_STAMP goto build
if exist "%MCU_STATE%\tool.stamp" for /f "usebackq delims=" %%b in ("%MCU_STATE%\tool.stamp") do set "MCU_BUILT=%%b"
if "%MCU_STAMP%"=="%MCU_BUILT%" goto run

:build
for /f "delims=." %%v in ('dotnet --list-sdks') do if %%v GEQ 10 set "MCU_SDK=yes"
if not defined MCU_SDK (
    set "MCU_EXIT=5"
    set "MCU_CODE=MCU1010"
    set "MCU_SAYS=The .NET 10 SDK is not installed: 'dotnet --list-sdks' lists no version 10 or later."
    set "MCU_HINT=Install it from https://dotnet.microsoft.com/download."
    goto fail
)
if not exist "%MCU_STATE%" mkdir "%MCU_STATE%"
call dotnet build "%MCU_HOME%generator\Mcu.Tool\Mcu.Tool.csproj" -c Release -nologo -v:quiet -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false >"%MCU_STATE%\build.log" 2>&1
if errorlevel 1 (
    type "%MCU_STATE%\build.log" 1>&2
    set "MCU_EXIT=3"
    set "MCU_CODE=MCU0005"
    set "MCU_SAYS=The tool does not build; its log is above and in .mcu/build.log."
    set "MCU_HINT=Check that the NuGet feed can be reached and that the checkout is complete."
    goto fail
)
if defined MCU_STAMP >"%MCU_STATE%\tool.stamp" echo %MCU_STAMP%

:run
dotnet "%MCU_DLL%" %*
exit /b %errorlevel%

:fail
echo error %MCU_CODE%: %MCU_SAYS% %MCU_HINT% 1>&2
if defined MCU_JSON echo {"error":{"code":"%MCU_CODE%","message":"%MCU_SAYS%","location":"","hint":"%MCU_HINT%"}}
exit /b %MCU_EXIT%
