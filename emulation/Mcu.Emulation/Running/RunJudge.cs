using System.Globalization;
using Mcu.Emulation.Building;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Running;

/// <summary>Decides whether a run succeeded and names what went wrong (MCU1030 to MCU1040).</summary>
internal sealed class RunJudge(FirmwareImage image, RunFolder folder, int samples)
{
    private const int ArenaOverrun = -1000;
    private const int HostStackOverflow = 71;
    private const int SignalBase = 128;

    private readonly IReadOnlyList<(int First, int Second)> statuses = folder.Statuses();

    private string RunFunction => image.Manifest.Prefix + "_run";

    /// <summary>Throws the diagnostic of a run that failed; the first cause wins.</summary>
    public void Check(ProcessOutcome outcome)
    {
        CheckStatuses();
        CheckTime(outcome);
        CheckFault();
        CheckProcess(outcome);
        int expected = checked(samples * image.Manifest.Output.Bytes);
        if (statuses.Count != samples + 1 || folder.Outputs().Length != expected)
        {
            throw Failed("MCU1038", $"Results of {statuses.Count - 1} of {samples} samples are there.", "Is the disk full?");
        }
    }

    /// <summary>Stack bytes of each sample.</summary>
    public IEnumerable<int> StackBytes() => statuses.Skip(1).Select(pair => pair.Second);

    /// <summary>The result of a checked run whose calls an emulator counted; MCU1038 where a sample has no count.</summary>
    public RunResult Counted(EquatableArray<string> notes)
    {
        IReadOnlyList<long> counts = folder.Counts();
        return counts.Count != samples
            ? throw new DiagnosticException("MCU1038", $"{counts.Count} calls were counted for {samples} samples.", $"target {image.Target.Name}")
            : new RunResult
            {
                Target = image.Target,
                Outputs = folder.Outputs(),
                LayerOutputs = folder.LayerOutputs(),
                Samples = samples,
                InstructionsPerSample = counts.ToEquatableArray(),
                StackBytesPerSample = StackBytes().ToEquatableArray(),
                Notes = notes,
            };
    }

    private void CheckStatuses()
    {
        if (statuses.Count == 0)
        {
            return;
        }

        (int init, int select) = statuses[0];
        int last = statuses.Count == 1 ? 0 : statuses[^1].First;
        if (init != 0)
        {
            throw Failed("MCU1030", Invariant($"{image.Manifest.Prefix}_init returned {init}."));
        }

        if (select >= DeltaRefusals.First)
        {
            (int index, int status) = Math.DivRem(select, 256);
            if (status == DeltaRefusals.SelfTest)
            {
                throw Failed("MCU1230", Invariant($"A self-test of delta image {index + 1} fails: the firmware gives another output than the image promises."), DeltaRefusals.SelfTestHint);
            }

            throw Failed("MCU1041", Invariant($"The firmware refuses delta image {index + 1}: {DeltaRefusals.Words(status)} (status {status})."), DeltaRefusals.Hint);
        }

        if (select != 0)
        {
            throw Failed("MCU1032", Invariant($"{image.Manifest.Prefix}_adapter_select returned {select}."));
        }

        if (last != 0)
        {
            throw last == ArenaOverrun
                ? Failed("MCU1040", RunFunction + " wrote just outside its arena.", sample: statuses.Count - 2)
                : Failed("MCU1031", Invariant($"{RunFunction} returned {last}."), sample: statuses.Count - 2);
        }
    }

    private void CheckTime(ProcessOutcome outcome)
    {
        if (outcome.TimedOut)
        {
            throw Failed(
                "MCU1036",
                Invariant($"The time limit was reached after {outcome.Elapsed.TotalSeconds:F0} s."),
                "Give a longer limit, or fewer samples; an endless loop never ends.");
        }
    }

    private void CheckFault()
    {
        IFaultReport? report = image.Target.Toolchain switch
        {
            ToolchainKind.RiscvElfGcc => RiscvFaultReport.Parse(folder.Fault()),
            ToolchainKind.AvrGcc => AvrFaultReport.Parse(folder.Fault()),
            _ => FaultReport.Parse(folder.Fault()),
        };
        if (report is not { } fault)
        {
            return;
        }

        var elf = ElfFile.Read(image.Path);
        if (fault.IsStackOverflow(elf.AddressOf("__stack_limit")))
        {
            throw StackOverflow(image.Target.Firmware!.StackBytes);
        }

        throw Failed("MCU1033", fault.Describe(elf));
    }

    private void CheckProcess(ProcessOutcome outcome)
    {
        if (outcome.StandardError.Contains("Lockup", StringComparison.Ordinal))
        {
            throw Failed("MCU1035", "The processor locked up: a fault inside the handling of a fault.");
        }

        if (outcome.ExitCode == HostStackOverflow && image.Target.IsHost)
        {
            throw StackOverflow(1 << 20);
        }

        if (outcome.ExitCode != 0)
        {
            string words = Words(outcome.StandardError);
            throw statuses.Count == 0 && !image.Target.IsHost
                ? Failed("MCU1039", "The emulator does not start: " + words)
                : Failed("MCU1037", $"The program ended too early ({ExitName(outcome.ExitCode)}). {words}".TrimEnd());
        }
    }

    private DiagnosticException StackOverflow(int bytes) =>
        Failed("MCU1034", Invariant($"{RunFunction} needs more than the {bytes} bytes of stack there are."), "Raise stack_bytes in the target, or choose a smaller network.");

    private DiagnosticException Failed(string code, string message, string hint = "", int? sample = null)
    {
        int at = sample ?? statuses.Count - 1;
        string place = Invariant($"target {image.Target.Name}") + (at >= 0 ? Invariant($", sample {at}") : ", start");
        return new DiagnosticException(code, message, place, hint);
    }

    private static string Words(string standardError)
    {
        IEnumerable<string> lines = standardError
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.Contains("warning:", StringComparison.Ordinal));
        return string.Join("; ", lines.Take(12));
    }

    private static string ExitName(int code) => (code - SignalBase) switch
    {
        4 => "SIGILL, illegal instruction",
        6 => "SIGABRT, abort",
        7 => "SIGBUS, bus error",
        8 => "SIGFPE, arithmetic error",
        9 => "SIGKILL, killed",
        11 => "SIGSEGV, access to memory that is not there",
        15 => "SIGTERM, terminated",
        _ => Invariant($"exit code {code}"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
