namespace Mcu.Generator.Operators;

/// <summary>
/// All inputs one after the other along <paramref name="Axis"/> (non-negative); their other dimensions are equal. Inputs may be
/// constants, but not all of them in int8.
/// </summary>
public sealed record Concat(int Axis) : Operator;
