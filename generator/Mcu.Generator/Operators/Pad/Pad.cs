using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Constant padding: <paramref name="Before"/> and <paramref name="After"/> elements per axis, all non-negative,
/// filled with <paramref name="Value"/> (real units).</summary>
public sealed record Pad(EquatableArray<int> Before, EquatableArray<int> After, float Value) : Operator;
