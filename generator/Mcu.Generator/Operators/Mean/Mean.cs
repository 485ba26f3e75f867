using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Mean over <paramref name="Axes"/> (non-negative, ascending, distinct).</summary>
public sealed record Mean(EquatableArray<int> Axes, bool KeepDims) : Operator;
