namespace Mcu.Generator.Operators;

/// <summary>Element-wise quotient <c>a / b</c> with NumPy broadcasting (ONNX Div). Inputs: a, b. Float only: passes fuse it into operators that have int8 kernels.</summary>
public sealed record Div : Operator;
