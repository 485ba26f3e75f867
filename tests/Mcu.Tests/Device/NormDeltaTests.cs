using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Adapters;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;

namespace Mcu.Tests.Device;

/// <summary>Layer normalisations in delta images, on firmware that was compiled without them.</summary>
public sealed class NormDeltaTests
{
    private const int Samples = 3;
    private const int Range = 26;
    private const int Overflow = 27;
    private const int Conflict = 29;

    public static TheoryData<string, bool> Cores => new()
    {
        { "host", false }, { "host", true }, { "cortex-m4", false }, { "cortex-m4", true }, { "cortex-m0plus", true },
    };

    /// <summary>Every adapter of the transformer, those of its layer normalisations among them: alone, and switched in one firmware.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m55")]
    public async Task Images_for_a_transformer_give_the_bytes_of_each_adapters_own_build(string target)
    {
        (LoadedModel loaded, Int8Model model) = CalibratedCct.Value;
        await Firmware.SkipWithoutToolsAsync(target);
        DeltaAbi abi = DeltaAbi.Of(model, Kernels(target));
        Int8Adapter[] adapters = [.. loaded.Adapters.Select(a => Int8AdapterBuilder.Add(abi.Model, loaded.Canonical, a, AdapterModeChoice.Auto).Adapters[^1])];
        DeltaImage[] images = [.. adapters.Select(a => DeltaPacker.Pack([a], abi, new DeltaNumbers()))];
        byte[] inputs = CalibratedCct.Bytes(model, 100, Samples);

        byte[][] outputs = await AttachedAsync(Firmware.Emit(model, target, "net", deltas: new DeltaSupport(8, 16)), target, [.. images.Select(i => DeltaWriter.Write(i, DeltaInterface.Of(abi)))], [.. images.Select((_, i) => (byte)(1 << i))], inputs);

        FirmwareModelRunner ownBuilds = await Firmware.RunnerAsync(abi.Model with { Adapters = adapters.ToEquatableArray() }, target);
        for (int i = 0; i < adapters.Length; i++)
        {
            byte[] reference = (await new ReferenceRunner(DeltaPacker.WithImage(images[i], abi)).RunAsync(inputs, 1, TestContext.Current.CancellationToken)).Outputs;
            byte[] own = (await ownBuilds.RunAsync(inputs, i + 1, TestContext.Current.CancellationToken)).Outputs;

            Assert.True(reference.AsSpan().SequenceEqual(outputs[i]), $"{adapters[i].Name}: reference with the image");
            Assert.True(own.AsSpan().SequenceEqual(outputs[i]), $"{adapters[i].Name}: own build");
        }

        DeltaLayer[] norms = [.. images.SelectMany(image => abi.Slots.Where(s => s.Kind == LinearKind.Norm).Select(s => image.Layers[s.Index]).OfType<DeltaLayer>())];
        Assert.Contains(norms, n => n.Sections == DeltaSections.Bias);
        Assert.Contains(norms, n => n.Sections == DeltaSections.Weights);
        Assert.Contains(norms, n => n.Sections == (DeltaSections.Bias | DeltaSections.Weights | DeltaSections.Requant));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", abi.Slots.Where(s => s.Kind == LinearKind.Norm).Select(s => $"{s.Node.Name} fast {s.IsFast}")) + ": " + string.Join(", ", images.Select((image, i) => $"{adapters[i].Name} {DeltaWriter.Write(image, DeltaInterface.Of(abi)).Length} bytes")));
    }

    [Fact]
    public void A_fine_tuned_model_and_an_archive_give_the_image_of_the_peft_folder()
    {
        (LoadedModel loaded, Int8Model model) = CalibratedCct.Value;
        DeltaAbi abi = DeltaAbi.Of(model, KernelSet.Dsp);
        CctCase tuned = CctCase.Of("norms");
        string folder = TestFolder.Create("tuned");
        string onnx = Path.Combine(folder, "tuned.onnx");
        string archive = Path.Combine(folder, "tuned.npz");
        File.WriteAllBytes(onnx, tuned.Adapted.ToByteArray());
        var arrays = new NpzWriter();
        foreach ((string part, int input) in new[] { ("weight", 1), ("bias", 2) })
        {
            foreach (var node in tuned.Adapted.Graph.Node.Where(n => n.Name.StartsWith("LayerNorm_", StringComparison.Ordinal)))
            {
                float[] values = OnnxAdapterMerge.ValuesOf(tuned.Adapted, node.Input[input]);
                arrays.Add($"{node.Name}.{part}", [values.Length], values);
            }
        }

        File.WriteAllBytes(archive, arrays.ToBytes());
        DeltaImage peft = Pack(abi, loaded.Canonical, loaded.Adapters.Single(a => a.Name == "norms"));

        Assert.Equal(3, peft.Layers.Count(l => l?.Gamma is not null));
        Assert.Equal(252, DeltaWriter.Write(peft, DeltaInterface.Of(abi)).Length);
        foreach (string path in (string[])[onnx, archive])
        {
            LoadedModel other = Pipeline.Load(new CompileOptions { BasePath = CctCase.Path, Target = Firmware.Target("host"), AdapterPaths = [path] }, new());
            Assert.Equal(peft, Pack(abi, loaded.Canonical, other.Adapters[0]));
        }
    }

    /// <summary>Gamma of one image and beta of another run together; two of one kind, or a new scale beside anything, conflict in either order.</summary>
    [Theory]
    [MemberData(nameof(Cores))]
    public async Task Images_of_a_small_network_run_alone_and_together_and_conflict_where_they_must(string target, bool isFast)
    {
        var network = new NormNetwork(isFast, Kernels(target));
        DeltaSections[] sections =
        [
            DeltaSections.Weights, DeltaSections.Bias, DeltaSections.Requant, DeltaSections.Weights,
            DeltaSections.Bias | DeltaSections.Weights, DeltaSections.Bias | DeltaSections.Requant | DeltaSections.Weights, DeltaSections.Bias,
        ];
        DeltaImage[] images = [.. sections.Select((s, i) => network.Image(s, i))];
        (byte Mask, int Status)[] steps =
        [
            .. images.Select((_, i) => ((byte)(1 << i), 0)), (0, 0), (0b0000011, 0), (0b0001010, 0), (0b1000001, 0),
            (0b0001001, Conflict), (0b1000010, Conflict), (0b0000101, Conflict), (0b0000110, Conflict), (0b0010010, Conflict), (0b0010001, Conflict), (0b0100001, Conflict), (0b1100000, Conflict),
        ];
        byte[] inputs = network.Inputs(Samples);

        byte[][] outputs = await AttachedAsync(
            Firmware.Emit(network.Model, target, "net", deltas: new DeltaSupport(8, 1)), target, [.. images.Select(network.Bytes)], [.. steps.Select(s => s.Mask)], inputs, [.. steps.Select(s => s.Status)]);

        DeltaImage[][] active = [.. steps.Where(s => s.Status == 0 && s.Mask != 0).Select(s => images.Where((_, i) => (s.Mask >> i & 1) != 0).ToArray())];
        Int8Model compiledIn = network.Model with { Adapters = active.Select((of, i) => network.Adapter($"a{i}", of)).ToEquatableArray() };
        FirmwareModelRunner ownBuilds = await Firmware.RunnerAsync(compiledIn, target);
        var different = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < active.Length; i++)
        {
            byte[] own = (await ownBuilds.RunAsync(inputs, i + 1, TestContext.Current.CancellationToken)).Outputs;
            byte[] reference = (await new ReferenceRunner(compiledIn).RunAsync(inputs, i + 1, TestContext.Current.CancellationToken)).Outputs;
            byte[] attached = outputs[i < images.Length ? i : i + 1];

            Assert.True(own.AsSpan().SequenceEqual(attached), $"step {i}: own build");
            Assert.True(reference.AsSpan().SequenceEqual(attached), $"step {i}: reference");
            Assert.True(different.Add(Convert.ToHexString(attached)), $"step {i} gives the bytes of another");
        }

        Assert.Equal((await new ReferenceRunner(network.Model).RunAsync(inputs, 0, TestContext.Current.CancellationToken)).Outputs, outputs[images.Length]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_field_and_byte_of_an_image_changed_is_refused_with_a_reason_or_runs_without_fault(bool isFast)
    {
        await Firmware.SkipWithoutToolsAsync("host");
        var network = new NormNetwork(isFast, KernelSet.Portable);
        DeltaImage image = network.Image(DeltaSections.Bias | DeltaSections.Requant | DeltaSections.Weights, 1);

        await DeviceProgram.MutateAsync(Firmware.Write(Firmware.Emit(network.Model, "host", "net", deltas: new DeltaSupport(2, 1))), network.Bytes(image), "-DRUN_EVERY=1");
    }

    /// <summary>Edges of what a loader checks, on the device as on the host; the status is the device's.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task Limits_hold_to_the_last_unit(string target)
    {
        await Firmware.SkipWithoutToolsAsync(target);
        foreach (bool isFast in (bool[])[false, true])
        {
            var network = new NormNetwork(isFast, Kernels(target));
            int beta = (int)((isFast ? 1L << 30 : (1L << 31) - 256) - (32769 * 20_000L));
            (DeltaLayer Change, int Status)[] cases =
            [
                (Tables(network, 20_000, beta - 1), 0), (Tables(network, -20_000, 1 - beta), 0), (Tables(network, 20_000, beta), Overflow), (Tables(network, -20_000, beta), Overflow), (Tables(network, 20_000, -beta), Overflow),
                (Tables(network, 0, int.MinValue), Overflow), (Tables(network, short.MinValue, 0), isFast ? Overflow : 0), (Tables(network, short.MaxValue, 0), 0), (Tables(network, short.MaxValue, 1), isFast ? Overflow : 0),
                (Scale(1 << 30, 22), 0), (Scale(1 << 30, 23), isFast ? Range : 0), (Scale(1 << 30, 0), isFast ? Range : 0), (Scale((1 << 30) - 1, 5), isFast ? Range : 0), (Scale(-1, 5), Range), (Scale(int.MinValue, 5), Range), (Scale(0, 31), isFast ? Range : 0),
            ];
            string program = await DeviceProgram.BuildModelAsync("delta_switch.c", Firmware.Write(Firmware.Emit(network.Model, target, "net", deltas: new DeltaSupport(1, 1))), target);
            foreach ((DeltaLayer change, int status) in cases)
            {
                byte[] image = network.Bytes(network.Of((network.Slots[1], change)));
                (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], [("delta0.bin", image), ("plan.bin", []), ("in.bin", [])]);
                Assert.Equal(status, Statuses(run)[2]);
            }
        }
    }

    /// <summary>Bytes that no writer makes, each at its place in the record of the second layer normalisation.</summary>
    [Theory]
    [InlineData(0, 0x08, 24)] // LORA, then without a rank
    [InlineData(0, 0x10, 24)] // SPARSE
    [InlineData(0, 0x80, 24)] // MORE
    [InlineData(0, 0x20, 24)] // no section of the format
    [InlineData(0, 0x01, 23)] // without BIAS the record is too long
    [InlineData(0, 0x04, 23)] // without WEIGHTS too
    [InlineData(1, 1, 24)] // a rank
    [InlineData(2, 2, 24)] // bytes of differences
    [InlineData(27, 0x80, 26)] // a negative multiplier
    [InlineData(28, 0x40, 26)] // a shift beyond 31
    [InlineData(28, 0x80, 26)] // a shift to the left
    public async Task A_broken_rule_has_its_own_status(int at, byte bits, int status)
    {
        await Firmware.SkipWithoutToolsAsync("host");
        var network = new NormNetwork(false, KernelSet.Portable);
        byte[] image = network.Bytes(network.Of((network.Slots[1], Tables(network, 7, 7) with { Requant = new([1 << 30], [5]) })));
        const int directory = 64 + (2 * 4);
        image[directory + at] ^= bits;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(12), DeltaFile.Checksum(image));
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", Firmware.Write(Firmware.Emit(network.Model, "host", "net", deltas: new DeltaSupport(1, 1))), "host", DeviceProgram.Sanitizers);

        (string run, _) = await DeviceProgram.RunAsync(program, "host", ["0"], [("delta0.bin", image), ("plan.bin", []), ("in.bin", [])]);

        Assert.Equal(status, Statuses(run)[2]);
    }

    private static DeltaLayer Tables(NormNetwork network, short gamma, int beta)
    {
        int count = network.Slots[1].Outputs;
        return new DeltaLayer { Bias = [.. Enumerable.Repeat(0, count - 1), beta], Gamma = [.. Enumerable.Repeat((short)0, count - 1), gamma] };
    }

    private static DeltaLayer Scale(int multiplier, int shift) => new() { Requant = new([multiplier], [shift]) };

    private static DeltaImage Pack(DeltaAbi abi, Graph graph, BoundAdapter adapter) => DeltaPacker.Pack(DeltaPacker.Forms(abi, graph, adapter, AdapterModeChoice.Auto), abi, new DeltaNumbers());

    private static KernelSet Kernels(string target) => Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable;

    private static int[] Statuses(string run) => MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(run, "stat.bin"))).ToArray();

    /// <summary>Outputs of all samples by step; steps that must fail have none. Images must attach and pass their self-tests.</summary>
    private static async Task<byte[][]> AttachedAsync(IEnumerable<KeyValuePair<string, string>> files, string target, byte[][] images, byte[] plan, byte[] inputs, int[]? expected = null)
    {
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", Firmware.Write(files), target);
        (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], [.. images.Select((image, i) => ($"delta{i}.bin", image)), ("plan.bin", plan), ("in.bin", inputs)]);

        int[] wanted = expected ?? new int[plan.Length];
        Assert.Equal([.. new int[1 + (3 * images.Length)], .. Enumerable.Repeat(wanted, Samples).SelectMany(w => w)], Statuses(run));
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken);
        int steps = wanted.Count(s => s == 0);
        int size = outputs.Length / (Samples * steps);
        return [.. Enumerable.Range(0, steps).Select(step => Enumerable.Range(0, Samples).SelectMany(sample => outputs.Skip(((sample * steps) + step) * size).Take(size)).ToArray())];
    }
}
