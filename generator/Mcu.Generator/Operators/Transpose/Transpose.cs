using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Permutes axes: <c>y.Shape[i] == x.Shape[Permutation[i]]</c>.</summary>
public sealed record Transpose(EquatableArray<int> Permutation) : Operator;
