using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Lowering;

/// <summary>A channel without weights keeps its constant and comes within the limits of the fast path.</summary>
public sealed class ConstantOutputsTests
{
    private const int Seed = 7321;
    private const int Channels = 4000;

    [Fact]
    public void ChannelsWithoutWeightsKeepTheirConstantAtAFastScale()
    {
        LinearLayer layer = Layer(new sbyte[Channels]);
        LinearLayer changed = ConstantOutputs.Rescale(layer, 1, outputsInnermost: false);
        for (int o = 0; o < Channels; o++)
        {
            Assert.True(layer.Finish(layer.Bias[o], o) == changed.Finish(changed.Bias[o], o), $"channel {o}, seed {Seed}");
            Assert.InRange(-changed.Shifts[o], 1, 22);
            Assert.True(changed.Multipliers[o] >= 1 << 30);
            Assert.InRange(changed.Bias[o], -(1 << 29), 1 << 29);
        }
    }

    [Fact]
    public void ChannelsWithWeightsAreNotTouched()
    {
        var weights = new sbyte[Channels];
        Array.Fill(weights, (sbyte)-1);
        LinearLayer layer = Layer(weights);
        Assert.Equal(layer, ConstantOutputs.Rescale(layer, 1, outputsInnermost: false));
    }

    [Theory]
    [InlineData(false, 0)] // [outputs, depth]: the row of output 0
    [InlineData(true, 1)] // [depth, outputs]: the column of output 1
    public void ZeroRowsAreFoundInEitherLayout(bool outputsInnermost, int constant)
    {
        sbyte[] weights = outputsInnermost ? [1, 0, 1, 0] : [0, 0, 1, 1];
        LinearLayer layer = Layer(weights, outputs: 2);
        LinearLayer changed = ConstantOutputs.Rescale(layer, 2, outputsInnermost);
        Assert.Equal(-1, changed.Shifts[constant]);
        Assert.Equal(layer.Shifts[1 - constant], changed.Shifts[1 - constant]);
        Assert.Equal(layer.Bias[1 - constant], changed.Bias[1 - constant]);
    }

    [Fact]
    public void AnAdaptersChangedRowIsNotConstant()
    {
        LinearLayer layer = Layer(new sbyte[2], outputs: 2) with
        {
            Corrections = new SparseCorrection(
                EquatableArray.Wrap<int>([0, 0, 1]), EquatableArray.Wrap<int>([0]), EquatableArray.Wrap<short>([3])),
        };
        LinearLayer changed = ConstantOutputs.Rescale(layer, 1, outputsInnermost: false);
        Assert.Equal(-1, changed.Shifts[0]);
        Assert.Equal(layer.Shifts[1], changed.Shifts[1]);
    }

    private static LinearLayer Layer(sbyte[] weights, int outputs = Channels)
    {
        var random = new Random(Seed);
        return new LinearLayer(
            EquatableArray.Wrap(weights),
            EquatableArray.Wrap(Enumerable.Repeat(1f, outputs).ToArray()),
            EquatableArray.Wrap(Enumerable.Range(0, outputs).Select(_ => random.Next(2) == 0 ? random.Next(int.MinValue, int.MaxValue) : random.Next(-200, 200)).ToArray()),
            EquatableArray.Wrap(Enumerable.Range(0, outputs).Select(_ => random.Next(1 << 30, int.MaxValue)).ToArray()),
            EquatableArray.Wrap(Enumerable.Range(0, outputs).Select(_ => random.Next(-31, -22)).ToArray()),
            -128,
            1f,
            -128,
            1f,
            -128,
            127);
    }
}
