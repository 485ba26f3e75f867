using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Adapters;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>Methods that change requantisation (DoRA, (IA)³) or single weights, as delta images on firmware that was compiled without them.</summary>
public sealed class MethodDeltaTests
{
    private const int Samples = 3;

    private static readonly (string Method, AdapterModeChoice Mode)[] Images =
    [
        ("dora", AdapterModeChoice.Side), ("dora", AdapterModeChoice.Merge), ("ia3", AdapterModeChoice.Auto), ("ia3-signs", AdapterModeChoice.Auto),
        ("lora-bias", AdapterModeChoice.Side), ("shira", AdapterModeChoice.Auto), ("rslora", AdapterModeChoice.Side), ("saved-layers", AdapterModeChoice.Merge),
    ];

    [Theory]
    [InlineData("demo", "host")]
    [InlineData("demo", "cortex-m4")]
    [InlineData("kws", "host")]
    [InlineData("kws", "cortex-m4")]
    public async Task Images_give_the_references_bytes(string name, string target)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        CompileResult compiled = network.Compiled();
        await Firmware.SkipWithoutToolsAsync(target);
        DeltaAbi abi = DeltaAbi.Of(compiled.Model, Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);
        DeltaImage[] images = [.. Images.Select(i => Pack(network, compiled, abi, i.Method, i.Mode))];
        Assert.True(images.Count(i => i.Layers.Any(l => l?.Requant is not null)) >= 3, "no image changes requantisation");
        byte[] inputs = SampleConversion.ToInput(network.Samples().Take(60, Samples).Values, network.Samples().Scale, compiled.Model.Graph[compiled.Model.Graph.Inputs[0]]);
        byte[] plan = [.. images.Select((_, i) => (byte)(1 << i))];
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", Firmware.Write(Firmware.Emit(compiled.Model, target, "net", deltas: new DeltaSupport(8, 16))), target);

        (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], [.. images.Select((image, i) => ($"delta{i}.bin", DeltaWriter.Write(image, DeltaInterface.Of(abi)))), ("plan.bin", plan), ("in.bin", inputs)]);

        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.All(MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Path.Combine(run, "stat.bin"), token)).ToArray(), status => Assert.Equal(0, status));
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), token);
        int size = outputs.Length / (Samples * images.Length);
        for (int i = 0; i < images.Length; i++)
        {
            byte[] expected = (await new ReferenceRunner(DeltaPacker.WithImage(images[i], abi)).RunAsync(inputs, 1, token)).Outputs;
            byte[] actual = [.. Enumerable.Range(0, Samples).SelectMany(s => outputs.Skip(((s * images.Length) + i) * size).Take(size))];
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{Images[i]}");
        }
    }

    private static DeltaImage Pack(MethodNetwork network, CompileResult compiled, DeltaAbi abi, string method, AdapterModeChoice mode)
    {
        LoadedModel loaded = Pipeline.Load(new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = [MethodCases.Of(network, method).Write()] }, new());
        Graph graph = compiled.Loaded.Canonical;
        return DeltaPacker.Pack(DeltaPacker.Forms(abi, graph, loaded.Adapters[0], mode), abi, new DeltaNumbers());
    }
}
