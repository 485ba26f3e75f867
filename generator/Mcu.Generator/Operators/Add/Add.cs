namespace Mcu.Generator.Operators;

/// <summary>Element-wise sum with NumPy broadcasting. Inputs: a, b.</summary>
public sealed record Add(FusedActivation Activation) : Operator;
