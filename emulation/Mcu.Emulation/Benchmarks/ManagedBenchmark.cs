using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Managed;
using Mcu.Emulation.Managed.NanoClr;
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
    private const string Namespace = "Mcu.Bench.";

    /// <summary>Compiles one model in its three forms and runs them; every diagnostic of the compiler and of the interpreter.</summary>
    /// <param name="tools">The interpreter to take times on too; null for none.</param>
    public static async Task<ManagedBenchRow> RunAsync(CompileOptions options, int samples, NanoClrTools? tools, DiagnosticBag notes, CancellationToken cancellation)
    {
        CompileResult result = Pipeline.Compile(options with { Nano = NanoOptions.Default }, notes, null, cancellation);
        byte[] input = GeneratedInput.Int8(samples, FirmwareModelRunner.PortTensor("input", result.Manifest.Input));
        NanoProgram program = NanoProgram.Of(result.Program);
        string name = result.Manifest.Name;
        Form[] forms =
        [
            Form.Of(PlainNetwork.Emit(program, name, NanoOptions.Default with { Namespace = Namespace + "Plain" })),
            Form.Of(NanoEmitter.Emit(program, name, NanoOptions.Default with { Namespace = Namespace + "Speed" })),
            Form.Of(NanoEmitter.Emit(program, name, NanoOptions.Default with { Namespace = Namespace + "Ram", PackWeights = false })),
        ];
        ManagedBenchRow row = await Task.Run(() => Measure(program, name, forms, input, samples, cancellation), cancellation);
        return tools is null ? row : row with { Nanoclr = await TimeAsync(forms, tools, input, cancellation) };
    }

    private static ManagedBenchRow Measure(NanoProgram program, string name, Form[] forms, byte[] input, int samples, CancellationToken cancellation)
    {
        foreach (ReadOnlyMemory<byte> sample in Samples(input, samples))
        {
            cancellation.ThrowIfCancellationRequested();
            CheckEqual([.. forms.Select(f => f.Run(sample.Span))]);
        }

        Counts[] counts = [.. forms.Select(f => f.Median())];
        ManagedBenchLayer row(string layer, string kernel, long macs, Func<Counts, long> of) => new(layer, kernel, macs, of(counts[0]), of(counts[1]), of(counts[2]));
        ManagedBenchLayer[] layers = [.. program.Steps.Select((s, i) => row(s.Step.Node.Name, s.Call.Kernel, Macs(program.Source, s.Step), c => c.Layers[i]))];
        ManagedBenchLayer total = row("total", "", layers.Sum(l => l.Macs), c => c.Total);
        return new ManagedBenchRow(
            name, samples, layers, total, program.Source.ArenaBytes, forms[1].Memory(), forms[2].Memory());
    }

    /// <summary>All forms in one program on the interpreter, sample by sample.</summary>
    private static async Task<ManagedBenchTimes> TimeAsync(Form[] forms, NanoClrTools tools, byte[] input, CancellationToken cancellation)
    {
        using var machine = new NanoClrMachine(tools, [.. forms.Select(f => new NanoClrNetwork(f.Emission, f.Assembly, 0))]);
        ManagedNetwork network = forms[0].Network;
        IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(input, network.InputLength, network.OutputLength, cancellation);
        for (int i = 0; i < runs.Count; i++)
        {
            CheckEqual([forms[0].Output(i), .. runs[i].Select(r => r.Output)]);
        }

        double median(int form) => runs.Select(r => r[form].Time.TotalMicroseconds).Order().ElementAt((runs.Count - 1) / 2);
        return new ManagedBenchTimes(median(0), median(1), median(2), machine.AssemblyBytes[1], machine.AssemblyBytes[2]);
    }

    /// <summary>Forms that differ would be a defect of the compiler or of the interpreter: nothing that a user gave can make them differ.</summary>
    private static void CheckEqual(byte[][] outputs)
    {
        if (outputs.Any(o => !o.AsSpan().SequenceEqual(outputs[0])))
        {
            throw new InvalidOperationException("The forms of a network differ in their outputs.");
        }
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
    private sealed record Form(NanoEmission Emission, byte[] Assembly, InstructionCounter Counter, ManagedNetwork Network)
    {
        private readonly List<(Counts Counts, byte[] Output)> runs = [];

        public static Form Of(NanoEmission emission)
        {
            byte[] assembly = ManagedVerifier.Compile(emission);
            InstructionCounter counter = InstructionCounter.Instrument(assembly);
            return new Form(emission, assembly, counter, ManagedNetwork.Load(assembly, emission, counter));
        }

        public byte[] Run(ReadOnlySpan<byte> sample)
        {
            Counter.Reset(Network.Type.Assembly);
            byte[] output = MemoryMarshal.AsBytes<sbyte>(Network.Run(MemoryMarshal.Cast<byte, sbyte>(sample).ToArray())).ToArray();
            runs.Add((new Counts(Counter.Read(Network.Type.Assembly).Total, Counter.ReadCalls(Network.Type.Assembly)), output));
            return output;
        }

        public byte[] Output(int sample) => runs[sample].Output;

        /// <summary>The run whose total is the median.</summary>
        public Counts Median() => runs.Select(r => r.Counts).OrderBy(c => c.Total).ElementAt((runs.Count - 1) / 2);

        public ManagedBenchMemory Memory() => new(
            Emission.HeapBytes,
            Assembly.Length, IlChecker.Sizes(Assembly).IlBytes, Emission.Binaries.Values.Sum(b => b.Length));
    }
}
