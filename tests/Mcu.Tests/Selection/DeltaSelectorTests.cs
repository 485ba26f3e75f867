using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Selection;
using static Mcu.Tests.Selection.SelectionCase;

namespace Mcu.Tests.Selection;

public sealed class DeltaSelectorTests
{
    /// <summary>Header 64, one self-test 8, a directory of one layer 4, a record 4.</summary>
    private const int Frame = 80;

    private readonly SelectionCase network = new();

    [Fact]
    public void A_change_below_half_a_step_is_counted_and_never_kept()
    {
        LayerChange change = Assert.Single(network.Changes(w => (w[1], w[2]) = (w[1] + 0.004f, w[2] + 0.03f)));
        Assert.Equal(1, change.RoundedAway);
        WeightChange kept = Assert.Single(change.Weights);
        Assert.Equal((2, 3), (kept.Position, kept.Difference));
    }

    [Fact]
    public void Everything_that_rounds_to_the_base_leaves_nothing_to_keep()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => w[1] += 0.004f);
        DiagnosticException refused = Assert.Throws<DiagnosticException>(() => new DeltaSelector(changes, 1, Options).Select());
        Assert.Equal("MCU1301", refused.Diagnostic.Code);
        Assert.Contains("rounding", refused.Diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_changes_are_kept_first()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => (w[1], w[4], w[8], w[11]) = (w[1] + 0.01f, w[4] + 0.05f, w[8] - 0.09f, w[11] + 0.02f));
        SelectedDelta kept = new DeltaSelector(changes, 1, Options).Select(Frame + 4);
        Assert.Equal([(4, 5), (8, -9)], Assert.Single(kept.Layers).Weights.Select(w => (w.Position, (int)w.Difference)));
        Assert.Equal(Frame + 4, kept.Bytes);
    }

    [Theory]
    [InlineData(Frame + 3)]
    [InlineData(Frame)]
    [InlineData(0)]
    public void A_budget_below_one_change_is_refused(int budget)
    {
        DeltaSelector selector = new(network.Changes(w => w[1] += 0.1f), 1, Options);
        DiagnosticException refused = Assert.Throws<DiagnosticException>(() => selector.Select(budget));
        Assert.Equal("MCU1301", refused.Diagnostic.Code);
        Assert.Contains("84 bytes", refused.Diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_stand_or_fall_together()
    {
        SelectionOptions rows = Options with { Structure = SelectionStructure.Rows };
        IReadOnlyList<LayerChange> changes = network.Changes(w =>
        {
            w[0] -= 0.09f;
            w[4] += 0.08f;
            w[6] += 0.08f;
        });
        SelectedDelta kept = new DeltaSelector(changes, 1, rows).Select(Frame + 4);
        Assert.Equal([0], Assert.Single(kept.Layers).Weights.Select(w => w.Position).Take(1));
        Assert.DoesNotContain(kept.Layers[0].Weights, w => w.Position is 4 or 6);

        SelectedDelta wide = new DeltaSelector(changes, 1, rows).Select(Frame + 8);
        Assert.Equal([0, 4, 6], wide.Layers[0].Weights.Select(w => w.Position));
    }

    [Fact]
    public void A_bias_is_kept_whole_where_it_is_worth_its_bytes()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => w[1] += 0.01f, [3, 3, 3]);
        SelectedDelta kept = new DeltaSelector(changes, 1, Options).Select(Frame + 12);
        LayerSelection layer = Assert.Single(kept.Layers);
        Assert.True(layer.KeepsBias);
        Assert.Empty(layer.Weights);
        Assert.Equal(AdapterMode.Bias, layer.ToVariant().Mode);
        Assert.False(new DeltaSelector(changes, 1, Options with { WithBiases = false }).All().Layers[0].KeepsBias);
    }

    [Fact]
    public void An_odd_number_of_biases_is_padded_in_packing_1()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(bias: [3, 3, 3]);
        Assert.Equal(Frame + 12, new DeltaSelector(changes, 1, Options).All().Bytes);
        Assert.Equal(Frame + 16, new DeltaSelector(changes, 1, Options with { Packing = 1 }).All().Bytes);
    }

    [Fact]
    public void A_weight_whose_input_rests_at_its_zero_point_counts_nothing_with_data()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => (w[1], w[3]) = (w[1] + 0.5f, w[3] + 0.02f));
        Int8Model model = network.Model;
        sbyte zero = (sbyte)model.Graph["x"].Quantization!.ZeroPoint;
        TensorValue[] samples = [new(new Shape(1, 4), new sbyte[] { zero, zero, zero, 100 }), new(new Shape(1, 4), new sbyte[] { zero, zero, zero, -100 })];
        SelectionOptions options = Options with { Importance = Importance.Activation };
        Int8Adapter whole = new DeltaSelector(changes, 1, Options).All().ToAdapter("all", "00");
        var statistics = ActivationStatistics.Measure(model with { Adapters = [whole] }, changes, samples, TestContext.Current.CancellationToken);
        Assert.Equal(0, statistics.InputOf(changes[0], 1));
        Assert.Equal(100, statistics.InputOf(changes[0], 3), Math.Abs((double)zero));

        DeltaSelector selector = new(changes, 1, options, statistics);
        Assert.Equal(1, selector.Units);
        Assert.Equal([3], selector.All().Layers[0].Weights.Select(w => w.Position));
    }

    /// <summary>
    /// By inputs of one real unit, outputs move by a tenth, two tenths and nothing, steps of 8/255. Of three changes that weigh the same in
    /// weights and inputs, the two of the channel that moves most are kept.
    /// </summary>
    [Fact]
    public void Channels_that_the_tuned_network_moves_most_are_kept_first()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => (w[1], w[6], w[7]) = (w[1] + 0.1f, w[6] + 0.1f, w[7] + 0.1f));
        Int8Model model = network.Model;
        Int8Adapter whole = new DeltaSelector(changes, 1, Options).All().ToAdapter("all", "00");
        TensorValue[] samples = [new(new Shape(1, 4), new sbyte[] { 0, 127, 127, 127 })];
        model = model with { Adapters = [whole] };
        sbyte[] moved = [.. Output(model, samples[0], 1).Zip(Output(model, samples[0], 0), (tuned, plain) => (sbyte)(tuned - plain))];
        Assert.InRange(moved[0], 3, 4);
        Assert.InRange(moved[1], 6, 7);
        Assert.Equal(0, moved[2]);
        var statistics = ActivationStatistics.Measure(model, changes, samples, TestContext.Current.CancellationToken);

        double meanSquare = ((moved[0] * moved[0]) + (moved[1] * moved[1])) / 3.0;
        Assert.Equal(moved[0] / Math.Sqrt(meanSquare), statistics.RelevanceOf(changes[0], 0), 9);
        Assert.Equal(moved[1] / Math.Sqrt(meanSquare), statistics.RelevanceOf(changes[0], 1), 9);
        Assert.Equal(0, statistics.RelevanceOf(changes[0], 2));
        SelectedDelta kept = new DeltaSelector(changes, 1, Options with { Importance = Importance.Activation }, statistics).Select(Frame + 4);
        Assert.Equal([6, 7], Assert.Single(kept.Layers).Weights.Select(w => w.Position));
        SelectedDelta plainly = new DeltaSelector(changes, 1, Options).Select(Frame + 4);
        Assert.Contains(1, Assert.Single(plainly.Layers).Weights.Select(w => w.Position));
    }

    private static sbyte[] Output(Int8Model model, TensorValue sample, int adapter) => Int8Reference.Run(model, sample, adapter).Int8;

    [Fact]
    public void The_whole_selection_equals_the_tuned_network_rounded_at_the_base_scales()
    {
        IReadOnlyList<LayerChange> changes = network.Changes(w => (w[1], w[7], w[11]) = (-1.2f, 1.2f, 0), [1, 1, 1]);
        Int8Model model = network.Model;
        Int8Adapter all = new DeltaSelector(changes, 1, Options).All().ToAdapter("all", "00");
        LayerVariant variant = all.Variants["fc"];
        Assert.Equal([-130, 60, -90], variant.Linear.Corrections!.Differences.Select(d => (int)d));
        Assert.Equal([1, 3, 3], variant.Linear.Corrections.Columns);
        Assert.Equal([0, 1, 2, 3], variant.Linear.Corrections.RowStarts);

        // One input step is 2/255; the output's step 8/255: (bias 1 + weights) by hand.
        TensorValue y = Int8Reference.Run(model with { Adapters = [all] }, new TensorValue(new Shape(1, 4), new sbyte[] { 127, 127, 127, 127 }), 1);
        double x = (127 - model.Graph["x"].Quantization!.ZeroPoint) * 2 / 255.0;
        double[] expected = [(1.27 - 1.2 + 0.2 + 0.3) * x + 1, (0.4 + 1.27 + 0.5 + 1.2) * x + 1, (0.7 + 0.8 + 1.27) * x + 1];
        Quantization quantization = model.Graph["y"].Quantization!;
        for (int o = 0; o < expected.Length; o++)
        {
            double steps = Math.Clamp((expected[o] / quantization.Scale) + quantization.ZeroPoint, -128, 127);
            Assert.InRange(y.Int8[o], steps - 1, steps + 1);
        }
    }
}
