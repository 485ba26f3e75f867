using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Running;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Managed;

/// <summary>
/// The managed form on .NET: the assembly that a device runs, with executed IL instructions counted. Instructions are IL's, not a
/// core's.
/// </summary>
public sealed class ManagedRunner : IDeltaRunner
{
    private readonly NanoEmission emission;
    private readonly EmittedManifest manifest;
    private readonly InstructionCounter counter;
    private readonly ManagedNetwork network;
    private readonly AssemblySizes sizes;

    /// <summary>Compiles and checks (MCU1510, MCU1511).</summary>
    public ManagedRunner(NanoEmission emission, EmittedManifest manifest)
    {
        this.emission = emission;
        this.manifest = manifest;
        byte[] assembly = ManagedVerifier.Compile(emission);
        sizes = IlChecker.Sizes(assembly);
        counter = InstructionCounter.Instrument(assembly);
        network = ManagedNetwork.Load(assembly, emission, counter);
    }

    public string Name => "managed";

    public IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; set; } = [];

    public Tensor Input => FirmwareModelRunner.PortTensor("input", manifest.Input);

    public Tensor Output => FirmwareModelRunner.PortTensor("output", manifest.Output);

    public Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation)
    {
        AdapterIndices.Check(adapterIndex, manifest.Adapters.Length - 1);
        RunRequest.CheckDeltas(manifest, Deltas.Count);
        return Task.Run(
            () =>
            {
                Prepare(adapterIndex);
                return Run(samples, cancellation);
            },
            cancellation);
    }

    /// <summary>MCU1530 where the network refuses an image, MCU1531 where a self-test fails.</summary>
    private void Prepare(int adapterIndex)
    {
        if (network.TakesDeltas)
        {
            network.Detach();
        }

        network.Select(adapterIndex);
        for (int i = 0; i < Deltas.Count; i++)
        {
            int reason = network.Attach(Deltas[i].ToArray());
            if (reason != 0)
            {
                throw DeltaRefusals.Managed(i, reason, Name);
            }
        }
    }

    private RunMeasurements Run(ReadOnlyMemory<byte> samples, CancellationToken cancellation)
    {
        int count = samples.Length / network.InputLength;
        var outputs = new byte[count * network.OutputLength];
        var instructions = new long[count];
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            counter.Reset(network.Type.Assembly);
            sbyte[] input = MemoryMarshal.Cast<byte, sbyte>(samples.Span.Slice(i * network.InputLength, network.InputLength)).ToArray();
            MemoryMarshal.AsBytes<sbyte>(network.Run(input)).CopyTo(outputs.AsSpan(i * network.OutputLength));
            instructions[i] = counter.Read(network.Type.Assembly).Total;
        }

        long[] sorted = [.. instructions.Order()];
        return new RunMeasurements(outputs, count)
        {
            MedianInstructions = sorted.Length == 0 ? null : sorted[(sorted.Length - 1) / 2],
            MaxInstructions = sorted.Length == 0 ? null : sorted[^1],
            ArenaBytes = manifest.ArenaBytes,
            CodeBytes = sizes.IlBytes,
            WeightBytes = manifest.WeightBytes,
            AdapterBytes = manifest.AdapterBytes,
            RamBytes = checked((int)emission.HeapBytes),
            Notes = ["instructions are IL instructions of the interpreter"],
        };
    }
}
