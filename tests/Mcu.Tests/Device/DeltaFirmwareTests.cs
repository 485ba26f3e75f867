using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>Delta images on firmware that was compiled without them: outputs, refusals, self-tests, size.</summary>
public sealed class DeltaFirmwareTests
{
    private static readonly DeltaSupport EightImages = new(8, 16);

    public static TheoryData<string, string> Networks => new()
    {
        { "demo", "host" }, { "demo", "cortex-m4" }, { "demo", "cortex-m0plus" }, { "kws", "host" }, { "kws", "cortex-m4" },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Firmware_that_switches_among_images_gives_the_outputs_of_each_adapters_own_build(string model, string target)
    {
        DeltaCase source = Case(model, target);
        (Int8Adapter Quantised, byte[] Image)[] adapters = [.. Images(source)];
        string folder = Emitted(source, target);
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", folder, target);
        byte[] plan = [0, .. adapters.Select((_, i) => (byte)(1 << i)), 0];

        (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], Files(source, plan, adapters.Select(a => a.Image)));

        Assert.All(Statuses(run), status => Assert.Equal(0, status));
        Int8Model compiledIn = source.Abi.Model with { Adapters = adapters.Select(a => a.Quantised).ToEquatableArray() };
        FirmwareModelRunner ownBuild = await Firmware.RunnerAsync(compiledIn, target);
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken);
        byte[] baseOutputs = await OutputsAsync(ownBuild, source, 0);
        Assert.Equal(baseOutputs, Part(outputs, plan.Length, 0, baseOutputs.Length));
        Assert.Equal(baseOutputs, Part(outputs, plan.Length, plan.Length - 1, baseOutputs.Length));
        for (int i = 0; i < adapters.Length; i++)
        {
            byte[] expected = await OutputsAsync(ownBuild, source, i + 1);
            Assert.True(expected.AsSpan().SequenceEqual(Part(outputs, plan.Length, i + 1, expected.Length)), $"image {i}");
        }
    }

    [Theory]
    [InlineData("demo", "host")]
    [InlineData("demo", "cortex-m4")]
    public async Task Images_that_add_run_together_and_images_that_replace_conflict(string model, string target)
    {
        DeltaCase source = Case(model, target);
        byte[][] lora = [.. source.Model.Adapters.Where(a => a.Patches.Any(p => p is LoraPatch)).Take(2).Select(a => source.Bytes(source.Pack(a, AdapterModeChoice.Side)))];
        BoundAdapter bias = source.Model.Adapters.First(a => a.Patches.All(p => p is BiasPatch));
        byte[][] biases = [.. Enumerable.Range(1, 2).Select(id => source.Bytes(source.Pack(bias, AdapterModeChoice.Side, new DeltaNumbers((uint)id))))];
        string folder = Emitted(source, target);
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", folder, target);

        (string run, _) = await DeviceProgram.RunAsync(program, target, ["0"], Files(source, [0b0011, 0b0111, 0b1100], [.. lora, .. biases]));

        int[] statuses = Statuses(run);
        Assert.All(statuses.Take(1 + (3 * 4)), status => Assert.Equal(0, status));
        Assert.Equal([0, 0, 29], statuses.Skip(1 + (3 * 4)).Take(3));
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken);
        byte[] expected = await ComposedAsync(source, [.. lora, biases[0]]);
        Assert.True(expected.AsSpan().SequenceEqual(Part(outputs, 2, 1, expected.Length)));
    }

    [Fact]
    public async Task Every_field_and_byte_of_an_image_changed_is_refused_with_a_reason_or_runs_without_fault()
    {
        DeltaCase source = Case("demo", "host");
        byte[] image = source.Bytes(source.Pack(source.Model.Adapters[0], AdapterModeChoice.Auto));

        await DeviceProgram.MutateAsync(Emitted(source, "host"), image);
    }

    [Fact]
    public async Task The_tool_names_the_reason_of_a_refusal()
    {
        DeltaCase source = Case("demo", "host");
        byte[] image = source.Bytes(source.Pack(source.Model.Adapters[0]));
        image[40] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(12), DeltaFile.Checksum(image));
        await Firmware.SkipWithoutToolsAsync("host");
        var runner = new FirmwareModelRunner(Emitted(source, "host"), Firmware.Target("host"), new()) { Deltas = [image] };

        DiagnosticException refusal = await Assert.ThrowsAsync<DiagnosticException>(() => runner.RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken));

        Assert.Equal("MCU1041", refusal.Diagnostic.Code);
        Assert.Contains("another compilation of the base", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The second image's promise is changed; instructions are those of the samples, not of self-tests.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task The_tool_runs_the_self_tests_of_each_image_before_the_samples(string target)
    {
        DeltaCase source = Case("demo", target);
        byte[] image = source.Bytes(source.Pack(source.Model.Adapters[0], AdapterModeChoice.Side));
        byte[] wrong = source.Bytes(source.Pack(source.Model.Adapters[1], AdapterModeChoice.Side));
        wrong[68] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(12), DeltaFile.Checksum(wrong));
        await Firmware.SkipWithoutToolsAsync(target);
        var runner = new FirmwareModelRunner(Emitted(source, target), Firmware.Target(target), new()) { Deltas = [image, wrong] };

        DiagnosticException refusal = await Assert.ThrowsAsync<DiagnosticException>(() => runner.RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken));

        Assert.Equal("MCU1230", refusal.Diagnostic.Code);
        Assert.Contains("delta image 2", refusal.Message, StringComparison.Ordinal);
        runner.Deltas = [image];
        RunMeasurements run = await runner.RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken);
        Assert.Equal(source.Outputs(source.Quantised(source.Model.Adapters[0], AdapterModeChoice.Side)), run.Outputs);
    }

    [Theory]
    [InlineData("gcc")]
    [InlineData("clang")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m0plus")]
    public async Task Firmware_for_deltas_compiles_without_warnings(string compiler)
    {
        string target = compiler is "gcc" or "clang" ? "host" : compiler;

        Assert.Equal("", await Emission.Compilers.CheckAsync(Emitted(Case("demo", target), target), compiler));
    }

    private static DeltaCase Case(string model, string target) =>
        DeltaCase.Of(model, Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);

    private static string Emitted(DeltaCase source, string target) =>
        Firmware.Write(Firmware.Emit(source.Model.Base, target, "net", deltas: EightImages));

    /// <summary>Every adapter as a side path and as a merge, up to eight.</summary>
    private static IEnumerable<(Int8Adapter Quantised, byte[] Image)> Images(DeltaCase source)
    {
        foreach (AdapterModeChoice mode in (AdapterModeChoice[])[AdapterModeChoice.Side, AdapterModeChoice.Merge])
        {
            foreach (BoundAdapter adapter in source.Model.Adapters)
            {
                Int8Adapter quantised = source.Quantised(adapter, mode);
                yield return (quantised, source.Bytes(DeltaPacker.Pack([quantised], source.Abi, new DeltaNumbers())));
            }
        }
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Files(DeltaCase source, byte[] plan, IEnumerable<byte[]> images) =>
        images.Select((image, i) => ($"delta{i}.bin", image)).Append(("plan.bin", plan)).Append(("in.bin", source.Model.Inputs));

    private static int[] Statuses(string run) => MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(run, "stat.bin"))).ToArray();

    private static async Task<byte[]> OutputsAsync(FirmwareModelRunner runner, DeltaCase source, int adapter) =>
        (await runner.RunAsync(source.Model.Inputs, adapter, TestContext.Current.CancellationToken)).Outputs;

    /// <summary>The outputs of one entry of the plan, of all samples.</summary>
    private static byte[] Part(byte[] outputs, int steps, int step, int bytes)
    {
        const int samples = 5;
        Assert.Equal(steps * bytes, outputs.Length);
        int perSample = bytes / samples;
        return [.. Enumerable.Range(0, samples).SelectMany(sample => outputs.AsSpan((((sample * steps) + step) * perSample), perSample).ToArray())];
    }

    /// <summary>The reference under several images at once.</summary>
    private static async Task<byte[]> ComposedAsync(DeltaCase source, byte[][] images)
    {
        DeltaImage[] parsed = [.. images.Select(source.Read)];
        DeltaLayer?[] layers = [.. source.Abi.Slots.Select(slot => Sum(parsed.Select(p => p.Layers[slot.Index])))];
        DeltaImage composed = parsed[0] with { Layers = EquatableArray.Wrap(layers) };
        var runner = new ReferenceRunner(DeltaPacker.WithImage(composed, source.Abi));
        return (await runner.RunAsync(source.Model.Inputs, 1, TestContext.Current.CancellationToken)).Outputs;
    }

    /// <summary>Low-rank terms and one bias of layers that do not conflict.</summary>
    private static DeltaLayer? Sum(IEnumerable<DeltaLayer?> layers)
    {
        DeltaLayer[] there = [.. layers.Where(l => l is not null).Select(l => l!)];
        return there.Length == 0 ? null : there[0] with
        {
            Terms = there.SelectMany(l => l.Terms).ToEquatableArray(),
            Bias = there.Select(l => l.Bias).FirstOrDefault(b => b is not null),
        };
    }
}
