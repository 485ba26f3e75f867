using System.Globalization;
using System.Text.RegularExpressions;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>
/// Pairs modules and layers that no name connects, by shape and order, only where one answer is possible: as many modules
/// as layers of that shape, and modules that are one, or whose names differ in numbers alone, so that their order is
/// known. A file of tensors is sorted by name and has no order of its own.
/// </summary>
internal static partial class BindingOrder
{
    /// <summary>The pairs found; modules without an unambiguous layer are left out.</summary>
    public static Dictionary<string, BindingLayer> Pair(IReadOnlyList<PeftModule> modules, IReadOnlyList<BindingLayer> free)
    {
        Dictionary<string, BindingLayer> pairs = new(StringComparer.Ordinal);
        List<(PeftModule Module, List<BindingLayer> Layers)> choices = [.. modules.Select(m => (m, free.Where(l => Possible(m, l)).ToList()))];
        foreach (var group in choices.GroupBy(c => string.Join('\n', c.Layers.Select(l => l.Name)), StringComparer.Ordinal))
        {
            List<BindingLayer> layers = group.First().Layers;
            PeftModule[] members = [.. group.Select(c => c.Module).OrderBy(m => NumbersOf(m.Module), NumberOrder.Instance)];
            bool contested = choices.Exists(c => !group.Contains(c) && c.Layers.Intersect(layers).Any());
            bool ordered = members.Select(m => Digits().Replace(m.Module, "#")).Distinct(StringComparer.Ordinal).Count() == 1;
            if (layers.Count == members.Length && !contested && ordered)
            {
                foreach ((PeftModule module, BindingLayer layer) in members.Zip(layers))
                {
                    pairs[module.Module] = layer;
                }
            }
        }

        return pairs;
    }

    /// <summary>A bias alone says too little; a guess needs input channels and kernel as well, and the same kind of layer.</summary>
    private static bool Possible(PeftModule module, BindingLayer layer)
    {
        BindingShape shape = BindingShape.Of(module);
        return !layer.IsNormalization && shape.Kernel is not null && shape.Fits(layer, module.Lora is not null) && shape.IsLinear == layer.IsFullyConnected;
    }

    private static double[] NumbersOf(string name) =>
        [.. Digits().Matches(name).Select(m => double.Parse(m.Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();

    private sealed class NumberOrder : IComparer<double[]>
    {
        public static NumberOrder Instance { get; } = new();

        public int Compare(double[]? x, double[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
