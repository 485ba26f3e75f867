using System.Globalization;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Running;

/// <summary>Runs a host build as a process of its own.</summary>
internal sealed class HostProcess : IEmulator
{
    private static readonly string[] OwnNotes =
    [
        "Stack on the host is measured to the harness's frame; less than 256 bytes is reported as 256.",
    ];

    public string Name => "host";

    public async Task<RunResult> RunAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation)
    {
        int samples = RunRequest.Check(image, inputs, options);
        using var folder = new RunFolder(inputs, options.Deltas);
        ProcessRequest request = RunRequest.Process(image.Path, [options.AdapterIndex.ToString(CultureInfo.InvariantCulture)], folder, options);
        ProcessOutcome outcome = await ProcessRunner.RunAsync(request, cancellation)
            ?? throw new DiagnosticException("MCU1039", "The host program does not start.", image.Path);
        var judge = new RunJudge(image, folder, samples);
        judge.Check(outcome);
        return new RunResult
        {
            Target = image.Target,
            Outputs = folder.Outputs(),
            LayerOutputs = folder.LayerOutputs(),
            Samples = samples,
            InstructionsPerSample = [],
            StackBytesPerSample = judge.StackBytes().ToEquatableArray(),
            Notes = image.Target.Notes.Concat(OwnNotes).ToEquatableArray(),
        };
    }
}
