namespace Mcu.Generator.Operators;

/// <summary>Element-wise square root (ONNX Sqrt). Input: x. Float only: passes fuse it into operators that have int8 kernels.</summary>
public sealed record Sqrt : Operator;
