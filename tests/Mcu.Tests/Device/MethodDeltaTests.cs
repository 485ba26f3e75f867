using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
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
    private static readonly (string Method, AdapterModeChoice Mode)[] Images =
    [
        ("dora", AdapterModeChoice.Side), ("bitfit", AdapterModeChoice.Auto), ("ia3", AdapterModeChoice.Auto), ("ia3-signs", AdapterModeChoice.Auto),
        ("lora-bias", AdapterModeChoice.Side), ("shira", AdapterModeChoice.Auto), ("rslora", AdapterModeChoice.Side), ("saved-layers", AdapterModeChoice.Merge),
    ];

    /// <summary>One firmware takes eight adapters as images and switches among them at every inference; each has a firmware of its own, too.</summary>
    [Theory]
    [InlineData("demo", "host")]
    [InlineData("demo", "cortex-m4")]
    [InlineData("demo", "cortex-m55")]
    [InlineData("kws", "host")]
    [InlineData("kws", "cortex-m4")]
    [InlineData("kws", "cortex-m55")]
    public async Task Eight_images_in_one_firmware_give_the_bytes_of_each_adapters_own_build_and_of_the_reference(string name, string target)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        CompileResult compiled = network.Compiled();
        await Firmware.SkipWithoutToolsAsync(target);
        DeltaAbi abi = DeltaAbi.Of(compiled.Model, Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);
        Int8Model[] own = [.. Images.Select(i => Int8AdapterBuilder.Add(compiled.Model, compiled.Loaded.Canonical, Bound(network, i.Method), i.Mode))];
        byte[] inputs = TellingSamples.Of(network, compiled.Model with { Adapters = own.SelectMany(m => m.Adapters).ToEquatableArray() });
        DeltaImage[] images = [.. Images.Select(i => Pack(network, compiled, abi, i.Method, i.Mode))];
        Assert.True(images.Count(i => i.Layers.Any(l => l?.Requant is not null)) >= 3, "no image changes requantisation");
        byte[] plan = [.. images.Select((_, i) => (byte)(1 << i))];
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", Firmware.Write(Firmware.Emit(compiled.Model, target, "net", deltas: new DeltaSupport(8, 16))), target);

        (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], [.. images.Select((image, i) => ($"delta{i}.bin", DeltaWriter.Write(image, DeltaInterface.Of(abi)))), ("plan.bin", plan), ("in.bin", inputs)]);

        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.All(MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Path.Combine(run, "stat.bin"), token)).ToArray(), status => Assert.Equal(0, status));
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), token);
        int samples = inputs.Length / compiled.Manifest.Input.Bytes;
        int size = outputs.Length / (samples * images.Length);
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < images.Length; i++)
        {
            byte[] reference = (await new ReferenceRunner(DeltaPacker.WithImage(images[i], abi)).RunAsync(inputs, 1, token)).Outputs;
            byte[] ownBuild = (await (await Firmware.RunnerAsync(own[i], target)).RunAsync(inputs, 1, token)).Outputs;
            byte[] actual = [.. Enumerable.Range(0, samples).SelectMany(s => outputs.Skip(((s * images.Length) + i) * size).Take(size))];
            Assert.True(reference.AsSpan().SequenceEqual(actual), $"{Images[i]}: reference");
            Assert.True(ownBuild.AsSpan().SequenceEqual(actual), $"{Images[i]}: own build");
            Assert.True(distinct.Add(Convert.ToHexString(actual)), $"{Images[i]} gives the bytes of another");
        }
    }

    /// <summary>Requantisation, start values, differences, whole weights, and a chain of low-rank terms: every header field and byte of each.</summary>
    [Theory]
    [InlineData("ia3-signs", AdapterModeChoice.Auto)]
    [InlineData("shira", AdapterModeChoice.Auto)]
    [InlineData("saved-layers", AdapterModeChoice.Merge)]
    [InlineData("lora+rslora", AdapterModeChoice.Side)]
    public async Task Every_field_and_byte_of_an_image_changed_is_refused_with_a_reason_or_runs_without_fault(string methods, AdapterModeChoice mode)
    {
        await Firmware.SkipWithoutToolsAsync("host");
        MethodNetwork network = MethodNetwork.Of("demo");
        CompileResult compiled = network.Compiled();
        var abi = DeltaAbi.Of(compiled.Model, KernelSet.Portable);
        var shape = DeltaInterface.Of(abi);
        DeltaPart[] parts = [.. methods.Split('+').Select(method => Part(Pack(network, compiled, abi, method, mode), shape))];
        DeltaImage image = parts.Length == 1 ? parts[0].Image : DeltaPacker.WithSelfTests(DeltaComposer.Compose(parts, shape, new DeltaNumbers()), abi, 1);

        await DeviceProgram.MutateAsync(Firmware.Write(Firmware.Emit(compiled.Model, "host", "net", deltas: new DeltaSupport(2, 16))), DeltaWriter.Write(image, shape));
    }

    private static DeltaPart Part(DeltaImage image, DeltaInterface shape)
    {
        var file = DeltaFile.Parse(DeltaWriter.Write(image, shape), "part.mcud");
        return new DeltaPart(file, DeltaReader.Read(file, shape));
    }

    private static BoundAdapter Bound(MethodNetwork network, string method) => Load(network, method).Adapters[0];

    private static LoadedModel Load(MethodNetwork network, string method) =>
        Pipeline.Load(new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = [MethodCases.Of(network, method).Write()] }, new());

    private static DeltaImage Pack(MethodNetwork network, CompileResult compiled, DeltaAbi abi, string method, AdapterModeChoice mode) =>
        DeltaPacker.Pack(DeltaPacker.Forms(abi, compiled.Loaded.Canonical, Bound(network, method), mode), abi, new DeltaNumbers());
}
