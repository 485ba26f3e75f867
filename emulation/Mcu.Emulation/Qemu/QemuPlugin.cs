using System.Globalization;
using System.Text.RegularExpressions;
using Mcu.Emulation.Building;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Qemu;

/// <summary>A TCG plugin of Mcu's, compiled once per QEMU and compiler into the user's cache.</summary>
/// <param name="name">Name of its source without extension.</param>
/// <param name="extraFlags">Further flags of the compiler.</param>
internal sealed partial class QemuPlugin(string name, ToolProbe tools, CacheFolder cache, params string[] extraFlags)
{
    /// <summary>Counts the instructions of one function's calls.</summary>
    public const string Counter = "insn_count";

    /// <summary>Counts all instructions and holds the processor at a given one.</summary>
    public const string Machine = "machine";

    private const string HeaderName = "plugin.h";

    /// <summary>From this QEMU on, version 1 of the plugin interface is gone.</summary>
    private const int FirstMajorOfInterface2 = 9;

    /// <summary>File name of the shared library.</summary>
    public string FileName => name + ".so";

    private string SourceName => name + ".c";

    /// <summary>Path of the shared library for a QEMU (MCU1001, MCU1005, MCU1023).</summary>
    public async Task<string> GetAsync(ToolStatus qemu, CancellationToken cancellation)
    {
        ToolStatus compiler = await tools.RequireAsync(ToolKind.HostCompiler, cancellation);
        string source = HarnessSources.Resource("qemu/" + SourceName);
        string header = HarnessSources.Resource("qemu/" + HeaderName);
        string[] flags = ["-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-DMCU_PLUGIN_API=" + Interface(qemu), .. extraFlags];
        string key = CacheFolder.Key([source, header, qemu.Version ?? "", compiler.Path!, compiler.Version ?? "", .. flags]);
        string entry = await cache.GetAsync("plugin", key, async folder =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, SourceName), source, cancellation);
            await File.WriteAllTextAsync(Path.Combine(folder, HeaderName), header, cancellation);
            var request = new ProcessRequest(compiler.Path!, [.. flags, SourceName, "-o", FileName])
            {
                WorkingDirectory = folder,
                Environment = new Dictionary<string, string> { ["TMPDIR"] = folder }, // a compiler that is killed leaves its temporary files
            };
            ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, cancellation);
            if (outcome is not { ExitCode: 0, TimedOut: false })
            {
                throw new DiagnosticException(
                    "MCU1023", $"QEMU's plugin '{name}' does not compile: " + (outcome?.StandardError ?? "").Split('\n')[0], compiler.Path!, "See 'mcu doctor'.");
            }
        });
        return Path.Combine(entry, FileName);
    }

    private static string Interface(ToolStatus qemu)
    {
        Match match = VersionNumber().Match(qemu.Version ?? "");
        int major = match.Success ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return major switch
        {
            < 5 => throw new DiagnosticException(
                "MCU1005", $"This QEMU is too old: {qemu.Version}.", qemu.Path!, "Use a QEMU with TCG plugins, version 7.2 or later."),
            < FirstMajorOfInterface2 => "1",
            _ => "2",
        };
    }

    [GeneratedRegex(@"version (\d{1,4})\.")]
    private static partial Regex VersionNumber();
}
