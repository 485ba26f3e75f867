namespace Mcu.Generator.Operators;

/// <summary><c>exp(beta·x) / sum exp(beta·x)</c> along <paramref name="Axis"/> (non-negative).</summary>
public sealed record Softmax(int Axis, float Beta) : Operator;
