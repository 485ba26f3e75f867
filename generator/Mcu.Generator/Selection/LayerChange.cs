using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Selection;

/// <summary>How a fine-tuned layer differs from the base's int8 layer, at the base's scales.</summary>
/// <param name="Source">The base's layer.</param>
/// <param name="Weights">Changed weights in the order of a delta image: by output, then column.</param>
/// <param name="Bias">The tuned bias in int32 at the base's scale; null where it is the base's.</param>
/// <param name="RoundedAway">Weights whose real change is too small for one int8 step.</param>
public sealed record LayerChange(LinearSource Source, EquatableArray<WeightChange> Weights, EquatableArray<int>? Bias, int RoundedAway)
{
    public string NodeName => Source.Node.Node.Name;
}

/// <summary>One changed weight.</summary>
/// <param name="Position"><c>output·depth + column</c>.</param>
/// <param name="Difference">New minus old int8 value, not zero.</param>
/// <param name="Real">Real change.</param>
public readonly record struct WeightChange(int Position, short Difference, float Real);
