using System.Runtime.InteropServices;
using Mcu.Generator;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Emission;

namespace Mcu.Tests.NanoFramework;

/// <summary>
/// The native folder is built with all warnings as errors and called as the runtime calls it: by checksum and by the method's place in the
/// assembly's table, with arrays that may lie anywhere.
/// </summary>
public sealed class InteropGlueTests
{
    private const int InvalidParameter = -3;

    [Theory]
    [InlineData("kws")]
    [InlineData("vww")]
    [InlineData("ic")]
    [InlineData("ad")]
    [InlineData("sww")]
    public async Task Public_networks_give_the_golden_bytes(string name)
    {
        Interop interop = Interop.Of(GoldenModel.Compile(name, "cortex-m0plus").Program, name);

        string[] lines = await interop.RunAsync(await interop.BuildAsync(), GoldenModel.Inputs(interop.InputLength));

        sbyte[] expected = MemoryMarshal.Cast<byte, sbyte>(GoldenModel.Expected(name)).ToArray();
        Assert.Equal([.. expected.Chunk(interop.OutputLength).Select(o => Line(0, o))], lines);
    }

    [Theory]
    [InlineData("images")]
    [InlineData("vectors")]
    [InlineData("tokens")]
    public async Task Base_and_adapters_give_the_references_bytes_wherever_the_arena_lies(string name)
    {
        Int8Model model = TinyModels.Of(name);
        Interop interop = Interop.Of(model, name);
        string program = await interop.BuildAsync("-fsanitize=address,undefined", "-fno-sanitize-recover=all");

        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            TensorValue[] inputs = [.. Enumerable.Range(0, 5).Select(seed => Input(model, seed))];
            string[] expected = [.. inputs.Select(input => Line(0, Int8Reference.Run(model, input, adapter).Int8))];
            string[] actual = await interop.RunAsync(program, Bytes(inputs), new InteropCall(adapter, MemoryShift: adapter));

            Assert.Equal(expected, actual);
        }
    }

    /// <summary>Sanitizers watch every byte beside the arrays; what was in the output stays.</summary>
    [Fact]
    public async Task Arrays_of_another_length_and_unknown_adapters_are_refused_and_nothing_is_written()
    {
        Int8Model model = TinyModels.Of("images");
        Interop interop = Interop.Of(model, "images");
        string program = await interop.BuildAsync("-fsanitize=address,undefined", "-fno-sanitize-recover=all");
        byte[] samples = new byte[interop.InputLength + 1];
        InteropCall[] wrong =
        [
            new(MemoryChange: -1), new(InputChange: -1), new(InputChange: 1), new(OutputChange: -1), new(OutputChange: 1),
            new(Adapter: -1), new(Adapter: model.Adapters.Length + 1), new(Adapter: int.MinValue),
        ];

        foreach (InteropCall call in wrong)
        {
            string[] lines = await interop.RunAsync(program, samples, call);
            Assert.Equal([Line(InvalidParameter, [.. Enumerable.Repeat((sbyte)77, interop.OutputLength + call.OutputChange)])], lines);
        }
    }

    [Fact]
    public async Task An_assembly_with_another_checksum_is_refused()
    {
        Interop interop = Interop.Of(TinyModels.Of("vectors"), "vectors");
        string program = await interop.BuildAsync();

        Assert.Equal(["refused"], await interop.RunAsync(program, [], new InteropCall { Checksum = interop.Contract.Checksum ^ 1 }));
    }

    [Fact]
    public void Another_network_other_adapters_and_other_kernels_are_other_checksums()
    {
        Int8Model model = TinyModels.Of("images");
        CProgram dsp = CProgramBuilder.Build(model, Generator.Lowering.KernelSet.Dsp, Generator.Planning.PlannerOptions.Default, TestContext.Current.CancellationToken);
        uint[] checksums =
        [
            Interop.Of(model, "net").Contract.Checksum,
            Interop.Of(model with { Adapters = [] }, "net").Contract.Checksum,
            Interop.Of(TinyModels.Of("vectors"), "net").Contract.Checksum,
            Interop.Of(dsp, "net").Contract.Checksum,
        ];

        Assert.Equal(checksums.Length, checksums.Distinct().Count());
        Assert.Equal(checksums[0], Interop.Of(model, "net").Contract.Checksum);
    }

    [Fact]
    public async Task A_transformer_with_adapters_that_add_nodes_gives_the_references_bytes()
    {
        string[] adapters = [.. new[] { "houlsby", "prefix" }.Select(a => Structural.CctAdapters.Of(a).Write(a))];
        CompileOptions options = Structural.CctAdapters.Options(adapters) with { Name = "cct", Target = Firmware.Target("host") };
        CompileResult compiled = Firmware.Compile(options);
        Interop interop = Interop.Of(compiled.Program, "cct");
        string program = await interop.BuildAsync();

        for (int adapter = 0; adapter <= adapters.Length; adapter++)
        {
            TensorValue input = Input(compiled.Model, adapter);
            Assert.Equal([Line(0, Int8Reference.Run(compiled.Model, input, adapter).Int8)], await interop.RunAsync(program, Bytes([input]), new InteropCall(adapter)));
        }
    }

    private static string Line(int result, IEnumerable<sbyte> output) => string.Join(' ', output.Select(v => (int)v).Prepend(result));

    private static byte[] Bytes(TensorValue[] inputs) => [.. inputs.SelectMany(i => i.Int8).Select(v => (byte)v)];

    private static TensorValue Input(Int8Model model, int seed)
    {
        Tensor tensor = model.Graph[model.Graph.Inputs[0]];
        var random = new Random(seed);
        return new TensorValue(tensor.Shape, [.. Enumerable.Range(0, (int)tensor.Shape.Elements).Select(_ => (sbyte)random.Next(-128, 128))]);
    }
}
