@echo off
rem Launcher for Windows: builds the tool when its sources changed and passes every argument on.
setlocal
set "DOTNET_CLI_TELEMETRY_OPTOUT=1"
set "DOTNET_NOLOGO=1"
set "MCU_ROOT=%~dp0"
set "MCU_DLL=%MCU_ROOT%generator\Mcu.Tool\bin\Release\net10.0\mcu.dll"
where dotnet >nul 2>nul
if errorlevel 1 (
    echo error MCU1010: The .NET 10 SDK is not installed: there is no 'dotnet'. Install it from https://dotnet.microsoft.com/download. 1>&2
    exit /b 5
)
if not exist "%MCU_ROOT%.mcu" mkdir "%MCU_ROOT%.mcu"
dotnet build "%MCU_ROOT%generator\Mcu.Tool\Mcu.Tool.csproj" -c Release -nologo -v:quiet -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false >"%MCU_ROOT%.mcu\build.log" 2>&1
if errorlevel 1 (
    type "%MCU_ROOT%.mcu\build.log" 1>&2
    echo error MCU0005: The tool does not build; its log is above. Check that the NuGet feed can be reached and that the checkout is complete. 1>&2
    exit /b 3
)
dotnet "%MCU_DLL%" %*
exit /b %errorlevel%
