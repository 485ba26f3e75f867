namespace Mcu.Generator.Operators;

/// <summary>Element-wise difference <c>a - b</c> with NumPy broadcasting (ONNX Sub). Inputs: a, b. Float only: passes fuse it into operators that have int8 kernels.</summary>
public sealed record Sub : Operator;
