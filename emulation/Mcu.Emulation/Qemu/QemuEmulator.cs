using System.Globalization;
using Mcu.Emulation.Building;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Qemu;

/// <summary>Runs firmware in QEMU's system emulation (<c>qemu-system-arm</c>, <c>qemu-system-riscv32</c> or <c>qemu-system-avr</c> 7.2 or later, on Linux).</summary>
public sealed class QemuEmulator : IMachineEmulator
{
    private readonly ToolProbe tools;
    private readonly QemuPlugin counter;
    private readonly QemuPlugin machine;

    public QemuEmulator()
        : this(new ToolProbe())
    {
    }

    /// <param name="cacheFolder">Where compiled plugins are kept; null for the user's cache.</param>
    public QemuEmulator(ToolProbe tools, string? cacheFolder = null)
        : this(tools, cacheFolder is null ? new CacheFolder() : new CacheFolder(cacheFolder))
    {
    }

    internal QemuEmulator(ToolProbe tools, CacheFolder cache, params string[] pluginFlags)
    {
        this.tools = tools;
        counter = new QemuPlugin(QemuPlugin.Counter, tools, cache, pluginFlags);
        machine = new QemuPlugin(QemuPlugin.Machine, tools, cache);
    }

    public string Name => "qemu";

    public async Task<IMachine> StartAsync(string elf, TargetDescription target, MachineOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        MachineOptions chosen = options ?? new MachineOptions();
        FirmwareSymbols symbols = FirmwareSymbols.Read(elf);
        if (target.Qemu is null || target.IsAvr)
        {
            throw MachineFailures.NoMachine(Name, target.Name);
        }

        ArtifactFolder.Check(chosen.Artifacts);
        ToolStatus qemu = await tools.RequireAsync(ToolOf(target), cancellation);
        string plugin = await machine.GetAsync(qemu, cancellation);
        var folder = new RunFolder(chosen.Files);
        File.Copy(plugin, folder.At(machine.FileName)); // QEMU's option syntax knows no commas in paths
        return await QemuSession.StartAsync(
            target, symbols, folder, chosen, () => QemuBoot.StartAsync(qemu.Path!, "./" + machine.FileName, symbols.Path, target, folder, chosen, cancellation), cancellation);
    }

    public async Task<RunResult> RunAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation)
    {
        int samples = RunRequest.Check(image, inputs, options);
        using var folder = new RunFolder(inputs, options.Deltas);
        return await RunAsync(image, folder, samples, options, withBlocks: false, cancellation);
    }

    /// <summary>Runs and says where the instructions went.</summary>
    public async Task<FirmwareProfile> ProfileAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation)
    {
        int samples = RunRequest.Check(image, inputs, options);
        using var folder = new RunFolder(inputs, options.Deltas);
        RunResult result = await RunAsync(image, folder, samples, options, withBlocks: true, cancellation);
        return ProfileReader.Read(ElfFile.Read(image.Path), folder.Blocks(), result.InstructionsPerSample);
    }

    private async Task<RunResult> RunAsync(
        FirmwareImage image, RunFolder folder, int samples, RunOptions options, bool withBlocks, CancellationToken cancellation)
    {
        ToolStatus qemu = await tools.RequireAsync(ToolOf(image.Target), cancellation);
        File.Copy(await counter.GetAsync(qemu, cancellation), folder.At(counter.FileName));
        string[] arguments = Arguments(image, options.AdapterIndex, withBlocks);
        ProcessRequest request = RunRequest.Process(qemu.Path!, arguments, folder, options);
        if (image.Target.IsAvr)
        {
            SerialFiles.Prepare(folder, options.AdapterIndex, folder.Inputs());
            request = request with { Progress = () => SerialFiles.Progress(folder) };
        }

        ProcessOutcome outcome = await ProcessRunner.RunAsync(request, cancellation)
            ?? throw new DiagnosticException("MCU1004", "QEMU does not start.", qemu.Path!);
        if (image.Target.IsAvr && SerialFiles.Unpack(folder) is { } code)
        {
            outcome = outcome with { ExitCode = code };
        }

        CheckPluginLoaded(outcome, qemu);
        var judge = new RunJudge(image, folder, samples);
        judge.Check(outcome);
        return judge.Counted([.. image.Target.Notes, .. image.Target.Qemu!.Notes]);
    }

    /// <summary>The program that emulates a target's core.</summary>
    internal static ToolKind ToolOf(TargetDescription target) => target.IsRiscV ? ToolKind.QemuRiscv : target.IsAvr ? ToolKind.QemuAvr : ToolKind.Qemu;

    private string[] Arguments(FirmwareImage image, int adapter, bool withBlocks)
    {
        var elf = ElfFile.Read(image.Path);
        string start = Hex(elf.AddressOf(image.Manifest.Prefix + "_run"));
        string end = Hex(elf.AddressOf(HarnessSources.ReturnLabel));
        string blocks = withBlocks ? ",blocks=" + RunFolder.BlocksName : "";
        string exit = image.Target.IsAvr ? ",exit=" + Hex(elf.AddressOf(HarnessSources.EndLabel)) : "";
        string[] files = image.Target.IsAvr
            ? [.. SerialFiles.Arguments, "-bios", image.Path]
            :
            [
                "-serial", "none",
                "-semihosting-config", string.Create(CultureInfo.InvariantCulture, $"enable=on,target=native,arg=mcu,arg={adapter}"),
                "-kernel", image.Path,
            ];
        return
        [
            .. MachineArguments(image.Target),
            "-nodefaults", "-display", "none", "-monitor", "none",
            .. files,
            "-plugin", $"./{counter.FileName},start={start},end={end},out={RunFolder.CountsName}{blocks}{exit}",
        ];
    }

    private static string Hex(ulong address) => "0x" + address.ToString("x", CultureInfo.InvariantCulture);

    private static void CheckPluginLoaded(ProcessOutcome outcome, ToolStatus qemu)
    {
        bool refused = outcome.ExitCode != 0
            && (outcome.StandardError.Contains("insn_count", StringComparison.Ordinal)
                || outcome.StandardError.Contains("plugin", StringComparison.OrdinalIgnoreCase));
        if (refused)
        {
            throw new DiagnosticException(
                "MCU1005",
                "This QEMU does not load the instruction counter: " + outcome.StandardError.Trim().Split('\n')[^1],
                qemu.Path!,
                "Use a QEMU with TCG plugins, version 7.2 or later.");
        }
    }

    internal static string[] MachineArguments(TargetDescription target)
    {
        QemuMachine machine = target.Qemu
            ?? throw new DiagnosticException("MCU1088", "The target names no QEMU machine.", $"target {target.Name}", "Choose an emulated target.");
        string[] board = machine.Cpu is null ? ["-M", machine.Machine] : ["-M", machine.Machine, "-cpu", machine.Cpu];
        return target.IsRiscV ? [.. board, "-bios", "none"] : board;
    }
}
