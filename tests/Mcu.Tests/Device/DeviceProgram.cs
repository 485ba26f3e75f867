using System.Runtime.InteropServices;
using Mcu.Emulation.Building;
using Mcu.Emulation.Tools;
using Mcu.Generator.Emit;
using Mcu.Generator.Targets;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>Test programs in C (folder <c>c</c>) on the runtime, built for the host or an emulated core and run there.</summary>
internal static class DeviceProgram
{
    public const string Sanitizers = "-fsanitize=address,undefined";

    private static readonly string[] CommonFlags = ["-std=gnu99", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"];

    private static readonly string Runtime = TestData.Repo("runtime-templates/c/runtime");

    private static readonly string Flash = TestData.Repo("runtime-templates/c/flash");

    public static string Source(string name) => Path.Combine(TestData.Repo("tests/Mcu.Tests/Device/c"), name);

    /// <summary>Files of the runtime by name, without extension.</summary>
    public static IEnumerable<string> RuntimeSources(params string[] names) => names.Select(name => Path.Combine(Runtime, name + ".c"));

    /// <summary>A program on the slots and the simulated flash.</summary>
    public static async Task<string> BuildSlotsAsync(string program, string target)
    {
        bool isHost = Firmware.Target(target).IsHost;
        string[] sources =
        [
            Source(program), Source(isHost ? "restart_host.c" : "restart_arm.c"), Path.Combine(Flash, "mcu_flash_sim.c"),
            .. RuntimeSources("mcu_slots", "mcu_delta", "mcu_delta_check", "mcu_delta_view", "mcu_crc32", "mcu_linear__c", "mcu_lora__c", "mcu_terms__c"),
        ];
        return await BuildAsync(target, null, [.. sources], isHost ? [Sanitizers, "-fno-sanitize-recover=all"] : []);
    }

    /// <summary>A program that takes the place of the harness beside an emitted folder whose network is called <c>net</c>.</summary>
    public static async Task<string> BuildModelAsync(string program, string emitted, string target, params string[] flags)
    {
        EmittedManifest manifest = EmittedManifest.Load(emitted);
        return await BuildAsync(target, manifest, [Source(program), .. manifest.Sources.Select(s => Path.Combine(emitted, s))], ["-I" + emitted, "-I" + Path.Combine(emitted, "mcu"), .. flags]);
    }

    /// <summary>Runs a program in a new folder that holds the files; the folder and what the program printed, which QEMU gives as errors.</summary>
    public static async Task<(string Folder, string Output)> RunAsync(string program, string target, string[] arguments, IEnumerable<(string Name, byte[] Bytes)> files)
    {
        string folder = TestFolder.Create("device");
        foreach ((string name, byte[] bytes) in files)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, name), bytes, TestContext.Current.CancellationToken);
        }

        TargetDescription description = Firmware.Target(target);
        string[] command = description.IsHost
            ? [program, .. arguments]
            : [
                "qemu-system-arm", "-M", description.Qemu!.Machine, .. description.Qemu.Cpu is null ? Array.Empty<string>() : ["-cpu", description.Qemu.Cpu],
                "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "none",
                "-semihosting-config", string.Join(',', ["enable=on", "target=native", "arg=mcu", .. arguments.Select(a => "arg=" + a)]),
                "-kernel", program,
            ];
        var request = new ProcessRequest(command[0], command[1..]) { WorkingDirectory = folder, Timeout = TimeSpan.FromMinutes(20) };
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome is null, $"needs {command[0]}");
        Assert.True(outcome!.ExitCode == 0, $"exit {outcome.ExitCode}: {outcome.StandardOutput}{outcome.StandardError}");
        return (folder, outcome.StandardOutput + outcome.StandardError);
    }

    /// <summary>Every field and byte of an image changed (delta_mutate.c): each is refused with a reason or runs without fault on the host.</summary>
    /// <param name="flags">Further flags of the compiler.</param>
    public static async Task MutateAsync(string emitted, byte[] image, params string[] flags)
    {
        string program = await BuildModelAsync("delta_mutate.c", emitted, "host", [Sanitizers, "-fno-sanitize-recover=all", .. flags]);
        (string run, _) = await RunAsync(program, "host", ["0"], [("delta0.bin", image)]);

        int[] words = MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken)).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine("status: count " + string.Join(", ", words.Skip(2).Select((count, status) => (count, status)).Where(p => p.count > 0).Select(p => $"{p.status}: {p.count}")));
        Assert.True(words[0] == 0, $"{words[0]} failures, the first in line {words[1]} of delta_mutate.c");
    }

    private static async Task<string> BuildAsync(string target, EmittedManifest? manifest, string[] sources, string[] flags)
    {
        await Firmware.SkipWithoutToolsAsync(target);
        TargetDescription description = Firmware.Target(target);
        string folder = TestFolder.Create("program");
        SortedDictionary<string, string> support = Support(description, manifest);
        foreach ((string name, string text) in support)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), text, TestContext.Current.CancellationToken);
        }

        string[] own = [.. support.Keys.Where(name => name.EndsWith(".c", StringComparison.Ordinal) || name.EndsWith(".S", StringComparison.Ordinal)).Select(name => Path.Combine(folder, name))];
        string[] how = description.IsHost ? ["-O1", "-pthread"] : [.. description.CFlags, "-nostartfiles", "-T", Path.Combine(folder, HarnessSources.LinkerScript)];
        string path = Path.Combine(folder, "program");
        (int exit, _, string errors) = await Emission.Compilers.ProcessAsync(
            description.IsHost ? "gcc" : "arm-none-eabi-gcc",
            [.. how, .. CommonFlags, .. flags, "-I" + folder, "-I" + Runtime, "-I" + Flash, "-I" + Path.GetDirectoryName(Source("x")), .. sources, .. own, "-o", path, "-lm"]);
        Assert.True(exit == 0, errors);
        return path;
    }

    /// <summary>Start-up, linker script and, for a model, the platform's files of the harness.</summary>
    private static SortedDictionary<string, string> Support(TargetDescription target, EmittedManifest? manifest)
    {
        SortedDictionary<string, string> files = HarnessSources.For(target, manifest ?? Empty);
        files.Remove("harness.c");
        if (manifest is null)
        {
            foreach (string name in files.Keys.Where(name => !name.StartsWith("start_", StringComparison.Ordinal) && name != HarnessSources.LinkerScript).ToArray())
            {
                files.Remove(name);
            }
        }

        return files;
    }

    private static EmittedManifest Empty { get; } = new()
    {
        Name = "none", Prefix = "none", ToolVersion = "", Target = "", Header = "", Sources = [], IncludeDirs = [], CompileDefinitions = [],
        Input = Port, Output = Port, ArenaBytes = 0, WeightBytes = 0, AdapterBytes = 0, Adapters = [], ModelSha256 = "", Layers = [],
    };

    private static EmittedPort Port => new() { Type = "int8", Shape = [1], Bytes = 1 };
}
