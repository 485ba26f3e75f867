namespace Mcu.Generator.Operators;

/// <summary>Element-wise power <c>a^b</c> with NumPy broadcasting (ONNX Pow). Inputs: a, b. Float only: passes fuse it into operators that have int8 kernels.</summary>
public sealed record Pow : Operator;
