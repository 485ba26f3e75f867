using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Deltas;

/// <summary>Adapters as delta images: what is written is read back, computes the same, and a second decoder agrees.</summary>
public sealed class DeltaFormatTests
{
    private static readonly AdapterModeChoice[] Modes = [AdapterModeChoice.Auto, AdapterModeChoice.Merge, AdapterModeChoice.Side];

    [Theory]
    [MemberData(nameof(DeltaCase.All), MemberType = typeof(DeltaCase))]
    public void An_image_is_read_as_it_was_written(string model, KernelSet kernels)
    {
        var delta = DeltaCase.Of(model, kernels);
        foreach (DeltaImage image in Images(delta))
        {
            byte[] bytes = delta.Bytes(image);

            Assert.Equal(image, delta.Read(bytes));
            Assert.Equal(bytes, delta.Bytes(delta.Read(bytes)));
        }
    }

    [Theory]
    [MemberData(nameof(DeltaCase.All), MemberType = typeof(DeltaCase))]
    public void The_reference_gives_the_bytes_of_the_adapter_that_was_packed(string model, KernelSet kernels)
    {
        var delta = DeltaCase.Of(model, kernels);
        foreach (var adapter in delta.Model.Adapters)
        {
            foreach (AdapterModeChoice mode in (AdapterModeChoice[])[AdapterModeChoice.Merge, AdapterModeChoice.Side])
            {
                DeltaImage image = delta.Read(delta.Bytes(delta.Pack(adapter, mode)));

                Assert.Equal(delta.Outputs(delta.Quantised(adapter, mode)), delta.Outputs(DeltaPacker.Unpack(image, delta.Abi, "x", "")));
            }
        }
    }

    [Theory]
    [MemberData(nameof(DeltaCase.All), MemberType = typeof(DeltaCase))]
    public void A_second_decoder_reads_the_same_numbers(string model, KernelSet kernels)
    {
        var delta = DeltaCase.Of(model, kernels);
        foreach (DeltaImage image in Images(delta))
        {
            SecondDecoder.Image other = SecondDecoder.Decode(delta.Bytes(image), delta.Abi.Text);

            Assert.Equal((image.Header.Id, image.Header.Version, image.Header.SecurityCounter), (other.Id, other.Version, other.Counter));
            Assert.Equal(image.Parents.Select(p => p.ToString()), other.Parents);
            Assert.Equal(image.SelfTests.Select(t => (t.Seed, t.OutputCrc32)), other.Tests);
            for (int i = 0; i < image.Layers.Length; i++)
            {
                AssertEqual(image.Layers[i], other.Layers[i], delta.Shape.Layers[i]);
            }
        }
    }

    [Fact]
    public void Self_tests_tell_the_adapter_from_the_base()
    {
        var delta = DeltaCase.Of("demo", KernelSet.Portable);
        DeltaImage image = delta.Pack(delta.Model.Adapters[0], numbers: new DeltaNumbers(SelfTests: 3));
        Int8Model model = DeltaPacker.WithImage(image, delta.Abi);

        Assert.Equal(3, image.SelfTests.Select(t => t.Seed).Distinct().Count());
        Assert.All(image.SelfTests, t => Assert.Equal(DeltaSelfTests.OutputCrc32(model, 1, t.Seed), t.OutputCrc32));
        Assert.All(image.SelfTests, t => Assert.NotEqual(DeltaSelfTests.OutputCrc32(model, 0, t.Seed), t.OutputCrc32));
    }

    [Fact]
    public void Inputs_of_self_tests_are_the_generators_high_bytes()
    {
        // s = 1: 1664525 + 1013904223 = 1015568748 = 0x3C88596C; 0x3C88596C * 1664525 + 1013904223 mod 2^32 = 0x5E8885DB.
        Assert.Equal([0x3C, 0x5E], DeltaSelfTests.Input(1, 2).Select(v => (int)v));
    }

    private static IEnumerable<DeltaImage> Images(DeltaCase delta) =>
        delta.Model.Adapters.SelectMany(a => Modes.Select(mode => delta.Pack(a, mode, new DeltaNumbers(7, 0xFFFFFFFF, 3, 2))));

    private static void AssertEqual(DeltaLayer? expected, SecondDecoder.Layer? actual, DeltaLayerShape shape)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is null)
        {
            return;
        }

        Assert.Equal(expected.Bias?.ToArray(), actual!.Bias);
        Assert.Equal(expected.Requant?.Multipliers.ToArray(), actual.Multipliers);
        Assert.Equal(expected.Requant?.Shifts.ToArray(), actual.Shifts);
        Assert.Equal(expected.Weights?.Select(v => (int)v) ?? expected.Gamma?.Select(v => (int)v), actual.Weights?.Cast<int>());
        Assert.Equal(expected.Terms.Length, actual.Terms.Count);
        foreach ((SidePath term, SecondDecoder.Term other) in expected.Terms.Zip(actual.Terms))
        {
            Assert.Equal(term.Multipliers, other.Multipliers);
            Assert.Equal(term.Shifts, other.ShiftsOfA.Select(s => -s));
            Assert.Equal(term.OutputShifts, other.ShiftsOfB);
            Assert.Equal(term.A.Select(v => (int)v), other.A.Cast<int>());
            Assert.Equal(term.B.Select(v => (int)v), other.B.Cast<int>());
            Assert.Equal(Enumerable.Range(0, term.Rank).Select(r => -shape.InputZeroPoint * Enumerable.Range(0, shape.Depth).Sum(k => other.A[r, k])), other.Starts);
        }

        Assert.Equal(expected.Sparse is null ? null : Positions(expected.Sparse, shape.Depth), actual.Differences?.Select(d => (d.Key, d.Value)));
    }

    private static IEnumerable<(int Position, int Difference)> Positions(SparseCorrection sparse, int depth) => Enumerable
        .Range(0, sparse.RowStarts.Length - 1)
        .SelectMany(o => Enumerable.Range(sparse.RowStarts[o], sparse.RowStarts[o + 1] - sparse.RowStarts[o]).Select(i => ((o * depth) + sparse.Columns[i], (int)sparse.Differences[i])));
}
