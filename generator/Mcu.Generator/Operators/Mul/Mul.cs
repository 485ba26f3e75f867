namespace Mcu.Generator.Operators;

/// <summary>Element-wise product with NumPy broadcasting. Inputs: a, b; either may be constant.</summary>
public sealed record Mul(FusedActivation Activation) : Operator;
