using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Running;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Managed.NanoClr;

/// <summary>The managed form on the platform's own interpreter, with the time that each inference takes there; delta images are attached at each of its starts.</summary>
public sealed class NanoClrRunner(NanoEmission emission, EmittedManifest manifest, NanoClrTools tools) : IDeltaRunner
{
    private readonly byte[] assembly = ManagedVerifier.Compile(emission);

    public string Name => "nanoclr";

    public IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; set; } = [];

    public Tensor Input => FirmwareModelRunner.PortTensor("input", manifest.Input);

    public Tensor Output => FirmwareModelRunner.PortTensor("output", manifest.Output);

    public async Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation)
    {
        AdapterIndices.Check(adapterIndex, manifest.Adapters.Length - 1);
        RunRequest.CheckDeltas(manifest, Deltas.Count);
        using var machine = new NanoClrMachine(tools, [new NanoClrNetwork(emission, assembly, adapterIndex) { Deltas = Deltas }]);
        IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(samples, (int)Input.Shape.Elements, (int)Output.Shape.Elements, cancellation);
        TimeSpan[] times = [.. runs.Select(r => r[0].Time).Order()];
        return new RunMeasurements([.. runs.SelectMany(r => r[0].Output)], runs.Count)
        {
            MedianTime = times.Length == 0 ? null : times[(times.Length - 1) / 2],
            MaxTime = times.Length == 0 ? null : times[^1],
            ArenaBytes = manifest.ArenaBytes,
            CodeBytes = IlChecker.Sizes(assembly).IlBytes,
            WeightBytes = manifest.WeightBytes,
            AdapterBytes = manifest.AdapterBytes,
            RamBytes = checked((int)emission.HeapBytes),
            Notes = ["times are this machine's, not a board's"],
        };
    }
}
