using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;

namespace Mcu.Tests.Cli;

/// <summary>The built tool as a process: what scripts rely on.</summary>
public sealed class ProcessTests
{
    [Fact]
    public void Targets_as_json_is_one_document_with_the_built_in_targets_and_nothing_else()
    {
        ToolRun run = Tool.Run("targets", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        IEnumerable<string?> names = run.Json().GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("name").GetString());
        Assert.Equal(["atmega2560", "cortex-m0", "cortex-m0plus", "cortex-m23", "cortex-m3", "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7", "cortex-m85", "ek-ra8m1", "host", "microbit", "nrf52840-dk", "rv32imac", "rv32imc", "stm32f4-discovery", "stm32f746-discovery", "stm32l552"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Doctor_names_each_missing_tool_with_the_way_to_get_it_and_exits_5()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        var environment = new Dictionary<string, string?> { ["PATH"] = folder, ["RENODE"] = null };
        using var tool = new RunningTool(DotNet(), [Tool.Dll, "doctor", "--json"], environment);
        ToolRun run = tool.Wait();
        Assert.Equal(5, run.ExitCode);
        JsonElement document = run.Json();
        Assert.False(document.GetProperty("healthy").GetBoolean());
        JsonElement[] missing = [.. document.GetProperty("tools").EnumerateArray().Where(entry => !entry.GetProperty("found").GetBoolean())];
        Assert.Equal(15, missing.Length);
        Assert.All(missing, entry => Assert.NotEmpty(entry.GetProperty("how_to_get").GetString()!));
        Directory.Delete(folder);
    }

    /// <summary>Programs of the names alone are there: a target is usable wherever its compiler and one emulator are, and the list says where.</summary>
    [Theory]
    [SupportedOSPlatform("linux")]
    [InlineData("qemu-system-arm", true, false)]
    [InlineData("renode", false, true)]
    [InlineData("", false, false)]
    public void Targets_say_for_each_emulator_whether_it_is_usable(string emulator, bool qemu, bool renode)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string library = Path.Combine(folder, "libc.a");
        File.WriteAllText(library, "");
        foreach (string program in (string[])["cc", "arm-none-eabi-gcc", emulator])
        {
            if (program.Length > 0)
            {
                string path = Path.Combine(folder, program);
                File.WriteAllText(path, $"#!/bin/sh\necho {library}\n");
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
        }

        using var tool = new RunningTool(DotNet(), [Tool.Dll, "targets", "--json"], new Dictionary<string, string?> { ["PATH"] = folder, ["RENODE"] = null });
        JsonElement target = tool.Wait().Json().GetProperty("targets").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == "cortex-m4");
        var places = target.GetProperty("places").EnumerateArray().ToDictionary(place => place.GetProperty("on").GetString()!, place => place);
        Assert.Equal((qemu, renode), (places["qemu:cortex-m4"].GetProperty("usable").GetBoolean(), places["renode:cortex-m4"].GetProperty("usable").GetBoolean()));
        Assert.Equal(qemu ? [] : ["qemu-system-arm"], places["qemu:cortex-m4"].GetProperty("missing").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(renode ? [] : ["Renode"], places["renode:cortex-m4"].GetProperty("missing").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(qemu || renode, target.GetProperty("usable").GetBoolean());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void A_terminated_command_exits_130_with_one_error_document_and_leaves_no_temporary_file()
    {
        // A tool that never answers keeps the doctor waiting until the signal comes.
        string folder = Directory.CreateTempSubdirectory().FullName;
        string compiler = Path.Combine(folder, "cc");
        File.WriteAllText(compiler, $"#!/bin/sh\ntouch '{folder}/asked'\nexec /bin/sleep 60\n");
        File.SetUnixFileMode(compiler, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var environment = new Dictionary<string, string?> { ["PATH"] = folder + ":/usr/bin:/bin" };
        using var tool = new RunningTool(DotNet(), [Tool.Dll, "doctor", "--json"], environment);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(folder, "asked")), TimeSpan.FromSeconds(60)));
        Assert.Equal(0, Kill(tool.Id, 15));
        ToolRun run = tool.Wait();
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("MCU0003", run.Json().GetProperty("error").GetProperty("code").GetString());
        Directory.Delete(folder, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    private static string DotNet() =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);
}
