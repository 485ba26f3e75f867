namespace Mcu.Generator.Operators;

/// <summary>Element-wise error function (ONNX Erf). Input: x. Float only: passes fuse it into operators that have int8 kernels.</summary>
public sealed record Erf : Operator;
