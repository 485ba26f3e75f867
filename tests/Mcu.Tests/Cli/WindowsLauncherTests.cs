using System.Text.Json;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Packaging;

namespace Mcu.Tests.Cli;

/// <summary><c>mcu.cmd</c> with stand-ins for <c>dotnet</c> and PowerShell: on Windows, elsewhere in Wine's <c>cmd</c> where that is found.</summary>
public sealed class WindowsLauncherTests(WindowsLauncherTests.Checkout checkout) : IClassFixture<WindowsLauncherTests.Checkout>
{
    private const string Needed = "needs Windows, or Wine: apt-get install wine";

    [Fact]
    public void Arguments_reach_the_tool_and_its_exit_code_comes_back()
    {
        Assert.SkipUnless(Checkout.CanRun, Needed);
        checkout.Reset();
        (int exit, string output, string error) = checkout.Run("inspect", "a file & more", "--json", "--", "x");
        Assert.Equal((7, ""), (exit, error));
        Assert.EndsWith("mcu.dll\" inspect \"a file & more\" --json -- x", output.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tool_is_built_once_and_again_only_when_a_source_changed()
    {
        Assert.SkipUnless(Checkout.CanRun, Needed);
        checkout.Reset();
        checkout.Run("a");
        checkout.Run("b");
        Assert.Equal(1, checkout.Builds);
        checkout.PutStamp("5678");
        checkout.Run("c");
        checkout.Run("d");
        Assert.Equal(2, checkout.Builds);
        // Without PowerShell nobody knows, so it is built.
        checkout.PutStamp("");
        checkout.Run("e");
        Assert.Equal(3, checkout.Builds);
    }

    [Fact]
    public void A_failing_build_prints_its_log_exits_3_as_json_too_and_is_tried_again()
    {
        Assert.SkipUnless(Checkout.CanRun, Needed);
        checkout.Reset();
        checkout.PutBuildExit("1");
        (int exit, string output, string error) = checkout.Run("inspect", "--json");
        Assert.Equal(3, exit);
        Assert.Contains("the log of the build", error, StringComparison.Ordinal);
        Assert.Contains("error MCU0005: ", error, StringComparison.Ordinal);
        Assert.Equal("MCU0005", Code(output));
        Assert.Equal("", checkout.Run("inspect").Output);
        checkout.PutBuildExit("0");
        Assert.Equal(7, checkout.Run("inspect").Exit);
        Assert.Equal(3, checkout.Builds);
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "9.0.100 [C:\\sdk]")]
    public void Without_dotnet_or_with_an_older_sdk_it_exits_5_as_json_too(bool hasDotnet, string sdks)
    {
        Assert.SkipUnless(Checkout.CanRun, Needed);
        checkout.Reset();
        checkout.Put(hasDotnet, sdks);
        (int exit, string output, string error) = checkout.Run("demo", "--json");
        Assert.Equal(5, exit);
        Assert.StartsWith("error MCU1010: The .NET 10 SDK is not installed", error, StringComparison.Ordinal);
        Assert.Equal("MCU1010", Code(output));
    }

    /// <summary>The sources' hash, by PowerShell itself.</summary>
    [Fact]
    public void The_hash_of_the_sources_changes_with_a_source_and_not_with_what_a_build_makes()
    {
        string? shell = ((string[])["powershell.exe", "pwsh", "pwsh.exe"]).FirstOrDefault(Programs.Has);
        Assert.SkipWhen(shell is null, "needs PowerShell (pwsh)");
        string root = TestFolder.Create("sources");
        string tool = Directory.CreateDirectory(Path.Combine(root, "generator/Mcu.Tool/obj")).Parent!.FullName;
        File.Copy(TestData.Repo("generator/Mcu.Tool/sources.ps1"), Path.Combine(tool, "sources.ps1"));
        string source = Path.Combine(tool, "Program.cs");
        File.WriteAllText(source, "return 0;");
        string Hash() => new Sdk(root).Run(shell!, "-NoProfile", "-File", Path.Combine(tool, "sources.ps1")).Trim();
        string first = Hash();
        Assert.Matches("^[0-9A-F]{64}$", first);
        File.WriteAllText(Path.Combine(tool, "obj", "made.cs"), "");
        Assert.Equal(first, Hash());
        File.WriteAllText(source, "return 1;");
        File.SetLastWriteTimeUtc(source, DateTime.UtcNow.AddSeconds(-1));
        Assert.NotEqual(first, Hash());
    }

    /// <summary>Batch files with bare line feeds lose labels.</summary>
    [Fact]
    public void Its_lines_end_as_windows_wants_and_it_knows_what_the_other_launcher_knows()
    {
        string text = File.ReadAllText(TestData.Repo("mcu.cmd"));
        string shell = File.ReadAllText(TestData.Repo("mcu"));
        Assert.Equal(text.Count(c => c == '\n'), text.Split("\r\n").Length - 1);
        Assert.All((string[])["MCU1010", "MCU0005", "generator", "tool.stamp", "-nodeReuse:false", "UseSharedCompilation=false"], word =>
        {
            Assert.Contains(word, text, StringComparison.Ordinal);
            Assert.Contains(word, shell, StringComparison.Ordinal);
        });
    }

    private static string Code(string output)
    {
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("error").GetProperty("code").GetString()!;
    }

    /// <summary>The launcher in a checkout of its own, with a search path of its own.</summary>
    public sealed class Checkout : IDisposable
    {
        private readonly string root = TestFolder.Create("windows launcher");
        private readonly string bin;

        public Checkout()
        {
            bin = Directory.CreateDirectory(Path.Combine(root, "bin")).FullName;
            Directory.CreateDirectory(Path.Combine(root, "generator/Mcu.Tool/bin/Release/net10.0"));
            File.Copy(TestData.Repo("mcu.cmd"), Path.Combine(root, "mcu.cmd"));
        }

        public static bool CanRun => OperatingSystem.IsWindows() || Programs.Has("wine");

        /// <summary>What PowerShell prints.</summary>
        public void PutStamp(string text) => Write("powershell.cmd", text.Length > 0 ? $"echo {text}" : "rem");

        public void PutBuildExit(string code) => File.WriteAllText(Path.Combine(root, "build.exit"), code);

        public int Builds => File.Exists(Path.Combine(root, "builds")) ? File.ReadAllLines(Path.Combine(root, "builds")).Length : 0;

        private string Dll => Path.Combine(root, "generator/Mcu.Tool/bin/Release/net10.0/mcu.dll");

        public void Reset()
        {
            File.Delete(Dll);
            File.Delete(Path.Combine(root, "builds"));
            if (Directory.Exists(Path.Combine(root, ".mcu")))
            {
                Directory.Delete(Path.Combine(root, ".mcu"), recursive: true);
            }

            PutStamp("1234");
            PutBuildExit("0");
            Put(hasDotnet: true, "10.0.100 [C:\\sdk]");
        }

        /// <summary>A <c>dotnet</c> that lists SDKs, builds as the test says, and exits 7 as the tool.</summary>
        public void Put(bool hasDotnet, string sdks)
        {
            File.Delete(Path.Combine(bin, "dotnet.cmd"));
            if (hasDotnet)
            {
                Write("dotnet.cmd", $"""
                    if "%~1"=="--list-sdks" (
                        echo {sdks}
                        exit /b 0
                    )
                    if "%~1"=="build" goto build
                    echo %*
                    exit /b 7
                    :build
                    echo x>>"%~dp0..\builds"
                    echo the log of the build
                    for /f "usebackq" %%e in ("%~dp0..\build.exit") do set "BUILD_EXIT=%%e"
                    if "%BUILD_EXIT%"=="0" echo x>"%~dp0..\generator\Mcu.Tool\bin\Release\net10.0\mcu.dll"
                    exit /b %BUILD_EXIT%
                    """);
            }
        }

        public (int Exit, string Output, string Error) Run(params string[] arguments)
        {
            bool isWindows = OperatingSystem.IsWindows();
            var environment = new Dictionary<string, string?> { ["PATHEXT"] = isWindows ? ".COM;.EXE;.BAT;.CMD" : null };
            if (isWindows)
            {
                environment["PATH"] = $"{bin};{Environment.SystemDirectory}";
            }
            else
            {
                environment["WINEPREFIX"] = Path.Combine(root, "wine");
                environment["WINEPATH"] = "Z:" + bin.Replace('/', '\\');
                environment["WINEDEBUG"] = "-all";
                environment["WINEDLLOVERRIDES"] = "mscoree,mshtml=";
            }

            using var tool = new RunningTool(isWindows ? "cmd.exe" : "wine", [.. isWindows ? [] : (string[])["cmd"], "/d", "/c", "mcu.cmd", .. arguments], environment, root);
            ToolRun run = tool.Wait();
            return (run.ExitCode, run.Output, string.Join('\n', run.Error.Split('\n').Where(line => !line.StartsWith("wine: ", StringComparison.Ordinal))));
        }

        /// <summary>Ends the server of this prefix, and no other.</summary>
        public void Dispose()
        {
            if (Directory.Exists(Path.Combine(root, "wine")) && Programs.Has("wineserver"))
            {
                new Sdk(root, new Dictionary<string, string?> { ["WINEPREFIX"] = Path.Combine(root, "wine") }).Try("wineserver", "-k");
            }
        }

        private void Write(string name, string script) =>
            File.WriteAllText(Path.Combine(bin, name), ("@echo off\n" + script + "\n").ReplaceLineEndings("\r\n"));
    }
}
