using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Selection;

/// <summary>
/// Keeps the part of a delta with the largest expected effect per byte. Effects of single changes are taken as
/// independent, so their squares add.
/// </summary>
public sealed class DeltaSelector
{
    /// <summary>Units behind the first that no longer fits which are still tried.</summary>
    private const int FillTries = 64;

    private readonly IReadOnlyList<LayerChange> changes;
    private readonly SelectionOptions options;
    private readonly int slots;
    private readonly Unit[] units;

    /// <param name="slots">Layers of the ABI, the length of an image's directory.</param>
    /// <param name="statistics">Needed for <see cref="Importance.Activation"/>.</param>
    public DeltaSelector(IReadOnlyList<LayerChange> changes, int slots, SelectionOptions options, ActivationStatistics? statistics = null)
    {
        this.changes = changes;
        this.slots = slots;
        this.options = options;
        var score = new ChangeScore(options.Importance, statistics);
        units = [.. changes.SelectMany((c, i) => UnitsOf(c, i, score)).Where(u => u.Effect > 0).OrderByDescending(u => u.Effect / u.Bytes).ThenBy(u => u.Layer).ThenBy(u => u.First)];
    }

    /// <summary>Number of parts that can be kept or dropped.</summary>
    public int Units => units.Length;

    /// <summary>The best selection within the options' budget.</summary>
    /// <exception cref="DiagnosticException">MCU1301: the budget does not hold one change.</exception>
    public SelectedDelta Select() => Select(options.BudgetBytes);

    /// <summary>The best selection within a budget in bytes.</summary>
    public SelectedDelta Select(int budget)
    {
        int count = LargestPrefix(budget);
        List<Unit> kept = [.. units.Take(count)];
        foreach (Unit unit in units.Skip(count).Take(FillTries))
        {
            kept.Add(unit);
            if (Build(kept).Bytes > budget)
            {
                kept.RemoveAt(kept.Count - 1);
            }
        }

        return kept.Count > 0
            ? Build(kept)
            : throw new DiagnosticException(
                "MCU1301",
                FormattableString.Invariant($"A budget of {budget} bytes does not hold one change; the frame of an image takes {ImageSize.Of([], slots, options)} bytes."),
                hint: units.Length == 0 ? "No change is left after rounding to int8." : FormattableString.Invariant($"The whole delta takes {Build(units).Bytes} bytes."));
    }

    /// <summary>Everything that survives rounding.</summary>
    public SelectedDelta All() => Build(units);

    /// <summary>An image never gets smaller by one more change, so the largest prefix is found by halving.</summary>
    private int LargestPrefix(int budget)
    {
        (int low, int high) = (0, units.Length);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Build(units[..middle]).Bytes <= budget)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private SelectedDelta Build(IReadOnlyCollection<Unit> kept)
    {
        LayerSelection[] layers =
        [
            .. kept.GroupBy(u => u.Layer).OrderBy(g => g.Key).Select(g => new LayerSelection(
                changes[g.Key],
                g.SelectMany(u => u.Weights).OrderBy(w => w.Position).ToEquatableArray(),
                g.Any(u => u.IsBias))),
        ];
        return new SelectedDelta(EquatableArray.Wrap(layers), ImageSize.Of(layers, slots, options));
    }

    private IEnumerable<Unit> UnitsOf(LayerChange change, int layer, ChangeScore score)
    {
        int depth = change.Source.Depth;
        IEnumerable<WeightChange[]> groups = options.Structure == SelectionStructure.Rows
            ? change.Weights.GroupBy(w => w.Position / depth).Select(g => g.ToArray())
            : change.Weights.Select(w => new[] { w });
        foreach (WeightChange[] group in groups)
        {
            yield return new Unit(layer, group[0].Position, group, false, group.Sum(w => score.OfWeight(change, w)), 2 * group.Length);
        }

        if (options.WithBiases && change.Bias is not null)
        {
            yield return new Unit(layer, -1, [], true, score.OfBias(change), ImageSize.BiasBytes(change, options.Packing));
        }
    }

    private sealed record Unit(int Layer, int First, WeightChange[] Weights, bool IsBias, double Effect, int Bytes);
}
