using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Emulation.Benchmarks;

/// <summary>Counts executed IL instructions of the managed form beside plain loops over the same layers, with generated inputs.</summary>
public static class ManagedBenchmark
{
    /// <summary>Compiles one model in its three forms and runs them; every diagnostic of the compiler.</summary>
    public static async Task<ManagedBenchRow> RunAsync(CompileOptions options, int samples, DiagnosticBag notes, CancellationToken cancellation)
    {
        CompileResult result = Pipeline.Compile(options with { Nano = NanoOptions.Default }, notes, null, cancellation);
        byte[] input = GeneratedInput.Int8(samples, FirmwareModelRunner.PortTensor("input", result.Manifest.Input));
        return await Task.Run(() => Measure(result, input, samples, cancellation), cancellation);
    }

    private static ManagedBenchRow Measure(CompileResult result, byte[] input, int samples, CancellationToken cancellation)
    {
        NanoProgram program = NanoProgram.Of(result.Program);
        string name = result.Manifest.Name;
        Form speed = Form.Of(NanoEmitter.Emit(program, name, NanoOptions.Default));
        Form ram = Form.Of(NanoEmitter.Emit(program, name, NanoOptions.Default with { PackWeights = false }));
        Form plain = Form.Of(PlainNetwork.Emit(program, name, NanoOptions.Default));
        Form[] forms = [plain, speed, ram];
        foreach (ReadOnlyMemory<byte> sample in Samples(input, samples))
        {
            cancellation.ThrowIfCancellationRequested();
            byte[][] outputs = [.. forms.Select(f => f.Run(sample.Span))];
            if (outputs.Any(o => !o.AsSpan().SequenceEqual(outputs[0])))
            {
                throw new InvalidOperationException("The forms of a network differ in their outputs.");
            }
        }

        Counts[] counts = [.. forms.Select(f => f.Median())];
        ManagedBenchLayer row(string layer, string kernel, long macs, Func<Counts, long> of) => new(layer, kernel, macs, of(counts[0]), of(counts[1]), of(counts[2]));
        ManagedBenchLayer[] layers = [.. program.Steps.Select((s, i) => row(s.Step.Node.Name, s.Call.Kernel, Macs(program.Source, s.Step), c => c.Layers[i]))];
        ManagedBenchLayer total = row("total", "", layers.Sum(l => l.Macs), c => c.Total);
        return new ManagedBenchRow(
            name, samples, layers, total, program.Source.ArenaBytes, speed.Memory(program.Source.ArenaBytes), ram.Memory(program.Source.ArenaBytes));
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Samples(byte[] input, int samples)
    {
        int length = input.Length / samples;
        return Enumerable.Range(0, samples).Select(i => (ReadOnlyMemory<byte>)input.AsMemory(i * length, length));
    }

    /// <summary>Outputs times weights of an output, of layers with weights.</summary>
    private static long Macs(CProgram program, CStep step) => step.Layer.Shape is { Kind: not LinearKind.Norm } shape
        ? program.Model.Graph[step.Node.Output].Shape.Elements * shape.Depth
        : 0;

    /// <summary>Instructions of one inference.</summary>
    private sealed record Counts(long Total, IReadOnlyList<long> Layers);

    /// <summary>One form, instrumented and loaded, and what its runs took.</summary>
    private sealed record Form(NanoEmission Emission, AssemblySizes Sizes, InstructionCounter Counter, ManagedNetwork Network)
    {
        private readonly List<Counts> runs = [];

        public static Form Of(NanoEmission emission)
        {
            byte[] assembly = ManagedVerifier.Compile(emission);
            InstructionCounter counter = InstructionCounter.Instrument(assembly);
            return new Form(emission, IlChecker.Sizes(assembly), counter, ManagedNetwork.Load(assembly, emission, counter));
        }

        public byte[] Run(ReadOnlySpan<byte> sample)
        {
            Counter.Reset(Network.Type.Assembly);
            byte[] output = MemoryMarshal.AsBytes<sbyte>(Network.Run(MemoryMarshal.Cast<byte, sbyte>(sample).ToArray())).ToArray();
            runs.Add(new Counts(Counter.Read(Network.Type.Assembly).Total, Counter.ReadCalls(Network.Type.Assembly)));
            return output;
        }

        /// <summary>The run whose total is the median.</summary>
        public Counts Median() => runs.OrderBy(r => r.Total).ElementAt((runs.Count - 1) / 2);

        public ManagedBenchMemory Memory(int arenaBytes) => new(
            arenaBytes + Emission.ScratchBytes + Emission.ConstantBytes + Emission.PackedBytes, Sizes.AssemblyBytes, Sizes.IlBytes, Emission.Binaries.Values.Sum(b => b.Length));
    }
}
