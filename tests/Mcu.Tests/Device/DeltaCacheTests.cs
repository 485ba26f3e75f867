using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>Layers with sparse differences merged into RAM: the bytes of the walk, at the base's cost.</summary>
public sealed class DeltaCacheTests
{
    /// <summary>Words that cache_check.c writes.</summary>
    private enum Word
    {
        Failures,
        Line,
        Merged,
        Walked,
        Dropped,
        Sequences,
    }

    [Theory]
    [InlineData("host", KernelSet.Portable)]
    [InlineData("host", KernelSet.Dsp)]
    [InlineData("cortex-m4", KernelSet.Dsp)]
    public async Task Random_sequences_give_the_bytes_of_the_walk_and_keep_what_a_list_says(string target, KernelSet kernels)
    {
        const string seed = "1";
        string folder = Firmware.Write(Firmware.Emit(DeltaCase.Of("demo", kernels).Model.Base, target, "net", kernels, new DeltaSupport(4, 16) { CacheBytes = 64 }));
        string[] sanitizers = Firmware.Target(target).IsHost ? [DeviceProgram.Sanitizers, "-fno-sanitize-recover=all"] : [];
        string program = await DeviceProgram.BuildModelAsync("cache_check.c", folder, target, [kernels == KernelSet.Dsp ? "-DPACKING=1" : "-DPACKING=0", .. sanitizers]);

        (string run, _) = await DeviceProgram.RunAsync(program, target, [seed], []);

        int[] words = MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken)).ToArray();
        Assert.True(words[(int)Word.Failures] == 0, $"seed {seed}: {words[(int)Word.Failures]} failures, the first in line {words[(int)Word.Line]} of cache_check.c");
        Assert.Equal(400, words[(int)Word.Sequences]);
        Assert.True(words[(int)Word.Merged] > 1000 && words[(int)Word.Walked] > 1000 && words[(int)Word.Dropped] > 20, string.Join(' ', words));
    }

    /// <summary>Room for nothing, for some of the layers of one image, and for all of all.</summary>
    [Theory]
    [InlineData("host", 16)]
    [InlineData("host", 3000)]
    [InlineData("host", 60_000)]
    [InlineData("cortex-m4", 3000)]
    public async Task Firmware_with_a_cache_gives_the_bytes_of_each_image(string target, int cacheBytes)
    {
        DeltaCase source = DeltaCase.Of("demo", Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);
        DeltaImage[] images = [.. Enumerable.Range(1, 3).Select(seed => DeltaPacker.WithSelfTests(SparseDelta.Image(source.Abi, 150, seed), source.Abi, 1))];
        string folder = Firmware.Write(Firmware.Emit(source.Model.Base, target, "net", deltas: new DeltaSupport(3, 8) { CacheBytes = cacheBytes }));
        string program = await DeviceProgram.BuildModelAsync("delta_switch.c", folder, target);
        byte[] plan = [1, 2, 4, 0, 3, 1, 7];

        (string run, _) = await DeviceProgram.RunAsync(
            program, target, ["0"], [.. images.Select((image, i) => ($"delta{i}.bin", source.Bytes(image))), ("plan.bin", plan), ("in.bin", source.Model.Inputs)]);

        byte[] ends = await File.ReadAllBytesAsync(Path.Combine(run, "stat.bin"), TestContext.Current.CancellationToken);
        Assert.All(MemoryMarshal.Cast<byte, int>(ends).ToArray(), status => Assert.Equal(0, status));
        byte[] outputs = await File.ReadAllBytesAsync(Path.Combine(run, "out.bin"), TestContext.Current.CancellationToken);
        byte[][] expected = [.. plan.Select(mask => Expected(source, [.. images.Where((_, i) => (mask >> i & 1) != 0)]))];
        int size = expected[0].Length / 5;
        for (int sample = 0; sample < 5; sample++)
        {
            for (int step = 0; step < plan.Length; step++)
            {
                int at = ((sample * plan.Length) + step) * size;
                Assert.True(expected[step].AsSpan(sample * size, size).SequenceEqual(outputs.AsSpan(at, size)), $"sample {sample}, mask {plan[step]}");
            }
        }
    }

    /// <summary>The call per layer is all that is left.</summary>
    [Fact]
    public async Task A_cached_sparse_image_costs_at_most_one_percent_over_the_base_and_less_than_the_walk()
    {
        DeltaCase source = DeltaCase.Of("demo", KernelSet.Dsp);
        byte[] image = source.Bytes(WithinInt8(source));

        long alone = await InstructionsAsync(source, new DeltaSupport(1, 8), null);
        long walked = await InstructionsAsync(source, new DeltaSupport(1, 8), image);
        long merged = await InstructionsAsync(source, new DeltaSupport(1, 8) { CacheBytes = 60_000 }, image);

        TestContext.Current.TestOutputHelper?.WriteLine($"base {alone}, walked {walked}, merged {merged}");
        Assert.InRange(merged, alone, alone + (alone / 100));
        Assert.True(walked > merged, $"{walked} walked, {merged} merged");
    }

    /// <summary>Every seventeenth weight moved towards zero, as a merge that keeps weights in int8 leaves them.</summary>
    private static DeltaImage WithinInt8(DeltaCase source)
    {
        DeltaAbi rows = DeltaCase.Of("demo", KernelSet.Portable).Abi;
        var layers = new List<DeltaLayer?>();
        foreach (DeltaSlot slot in rows.Slots)
        {
            EquatableArray<long> weights = slot.Tables.Weights.Values;
            var sums = Enumerable.Range(0, weights.Length).Where(p => p % 17 == 0).ToDictionary(p => p, p => weights[p] > 0 ? -9 : 9);
            layers.Add(new DeltaLayer { Sparse = DeltaSparse.Of(sums, slot.Outputs, slot.Depth) });
        }

        return SparseDelta.Image(source.Abi, 1, 1) with { Layers = layers.ToEquatableArray() };
    }

    private static async Task<long> InstructionsAsync(DeltaCase source, DeltaSupport support, byte[]? image)
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        string folder = Firmware.Write(Firmware.Emit(source.Model.Base, "cortex-m4", "net", deltas: support));
        var runner = new FirmwareModelRunner(folder, Firmware.Target("cortex-m4"), new()) { Deltas = image is null ? [] : [image] };
        return (await runner.RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken)).MedianInstructions!.Value;
    }

    /// <summary>By the reference: images of a mask add up.</summary>
    private static byte[] Expected(DeltaCase source, DeltaImage[] images)
    {
        if (images.Length == 0)
        {
            return source.Outputs(source.Abi.Model, 0);
        }

        DeltaPart[] parts = [.. images.Select((image, i) => new DeltaPart(DeltaFile.Parse(source.Bytes(image), $"{i}.mcud"), image))];
        DeltaImage composed = DeltaComposer.Compose(parts, source.Shape, new DeltaNumbers());
        return source.Outputs(DeltaPacker.Unpack(composed, source.Abi, "x", ""));
    }
}
