using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.Adapters;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;

namespace Mcu.Tests.Deltas;

/// <summary>
/// Bytes of images for the MLPerf Tiny keyword-spotting network, header, hashes and one self-test included; docs/DELTAS.md has the same
/// table. Signed: ES256 with a key id of 8 bytes.
/// </summary>
public sealed class DeltaSizeTests
{
    /// <summary>SG and length, tag and array, protected header, key id of 8 bytes, nil, signature: 4 + 2 + 4 + 11 + 1 + 66.</summary>
    private const int TrailerBytes = 88;

    [Theory]
    [InlineData(KernelSet.Portable)]
    [InlineData(KernelSet.Dsp)]
    public void BitFit_of_all_ten_layers_fits_2600_bytes_and_2720_signed(KernelSet kernels)
    {
        var delta = DeltaCase.Of("kws", kernels);
        BoundAdapter bitfit = delta.Model.Adapters.Single(a => a.Name == "bitfit");

        AssertBytes(2484, 2600, 2720, delta, delta.Pack(bitfit));
    }

    [Theory]
    [InlineData(KernelSet.Portable, 2912)]
    [InlineData(KernelSet.Dsp, 2912)]
    public void Lora_of_rank_4_on_all_pointwise_layers_and_the_head_fits_3400_bytes_and_3520_signed(KernelSet kernels, int bytes)
    {
        var delta = DeltaCase.Of("kws", kernels);
        string folder = new AdapterFolder(6).Lora("conv_2d_2", [64, 64, 1, 1], 4).Lora("conv_2d_4", [64, 64, 1, 1], 4).Lora("conv_2d_6", [64, 64, 1, 1], 4)
            .Lora("conv_2d_8", [64, 64, 1, 1], 4).Lora("fully_connected_11", [12, 64], 4).Write("lora4", ("r", 4), ("lora_alpha", 8));
        var options = new CompileOptions { BasePath = TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx"), Target = Firmware.Target("host"), AdapterPaths = [folder] };

        AssertBytes(bytes, 3400, 3520, delta, delta.Pack(Pipeline.Load(options, new()).Adapters[0], AdapterModeChoice.Auto));
    }

    /// <summary>220 of 22,016 weights; ten random draws, depthwise layers included.</summary>
    [Theory]
    [InlineData(KernelSet.Portable)]
    [InlineData(KernelSet.Dsp)]
    public void Differences_of_one_weight_in_a_hundred_fit_640_bytes_and_780_signed(KernelSet kernels)
    {
        var delta = DeltaCase.Of("kws", kernels);
        Assert.Equal(22_016, delta.Abi.Slots.Sum(s => s.Outputs * s.Depth));
        for (int seed = 1; seed <= 10; seed++)
        {
            DeltaImage image = DeltaPacker.WithSelfTests(SparseDelta.Image(delta.Abi, 220, seed), delta.Abi, 1);
            AssertBytes(null, 640, 780, delta, image);
        }
    }

    /// <summary>The same from an adapter's file: 220 weights of all layers are halved, none of which leaves its int8 scale.</summary>
    [Theory]
    [InlineData(KernelSet.Portable)]
    [InlineData(KernelSet.Dsp)]
    public void A_sparse_adapter_of_one_weight_in_a_hundred_fits_640_bytes_and_780_signed(KernelSet kernels)
    {
        var delta = DeltaCase.Of("kws", kernels);
        var network = MethodNetwork.Of("kws");
        ModelProto model = network.Read();
        var random = new Random(29);
        string[] weights = [.. model.Graph.Initializer.Select(t => t.Name).Where(n => n.EndsWith(".weight", StringComparison.Ordinal))];
        int[] sizes = [.. weights.Select(w => OnnxAdapterMerge.ValuesOf(model, w).Length)];
        Assert.Equal(22_016, sizes.Sum());
        var chosen = new HashSet<int>();
        while (chosen.Count < 220)
        {
            int place = random.Next(sizes.Sum());
            (int layer, int at) = PlaceOf(sizes, place);
            float[] values = OnnxAdapterMerge.ValuesOf(model, weights[layer]);
            _ = Math.Abs(values[at]) > 0.3f * values.Max(Math.Abs) && chosen.Add(place);
        }

        var archive = new NpzWriter();
        foreach (IGrouping<int, (int Layer, int At)> layer in chosen.Select(place => PlaceOf(sizes, place)).GroupBy(p => p.Layer))
        {
            float[] values = OnnxAdapterMerge.ValuesOf(model, weights[layer.Key]);
            string module = weights[layer.Key][..^".weight".Length];
            archive.Add(module + ".indices", [layer.Count()], [.. layer.Select(p => (long)p.At)]).Add(module + ".values", [layer.Count()], [.. layer.Select(p => values[p.At] / -2)]);
        }

        string file = Path.Combine(TestFolder.Create("sparse"), "sparse.npz");
        File.WriteAllBytes(file, archive.ToBytes());
        var options = new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = [file] };
        DeltaImage image = delta.Pack(Pipeline.Load(options, new()).Adapters[0], AdapterModeChoice.Auto);

        Assert.Equal(220, image.Layers.Sum(l => l?.Sparse?.Differences.Length ?? 0));
        Assert.Equal(10, image.Layers.Count(l => l is not null));
        AssertBytes(null, 640, 780, delta, image);
    }

    private static (int Layer, int At) PlaceOf(int[] sizes, int place)
    {
        int layer = 0;
        for (; place >= sizes[layer]; layer++)
        {
            place -= sizes[layer];
        }

        return (layer, place);
    }

    private static void AssertBytes(int? exact, int budget, int signedBudget, DeltaCase delta, DeltaImage image)
    {
        byte[] body = delta.Bytes(image);
        DeltaChecker.Check([image], delta.Abi, "x");
        PrivateKey key = TestKeys.P256();
        byte[] signed = DeltaTrailer.Write(body, CoseSign1.Sign(key, new byte[8], DeltaFile.Parse(body, "x").BodySha256()));

        Assert.Equal(exact ?? body.Length, body.Length);
        Assert.Equal(body.Length + TrailerBytes, signed.Length);
        Assert.Single(image.SelfTests);
        Assert.True(body.Length <= budget, $"{body.Length} bytes");
        Assert.True(signed.Length <= signedBudget, $"{signed.Length} bytes signed");
    }
}
