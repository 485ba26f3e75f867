namespace Mcu.Generator.Operators;

/// <summary>
/// <c>y = alpha·A'·B' + beta·C</c> (ONNX Gemm); rewritten to <see cref="FullyConnected"/> by a pass where B is constant.
/// </summary>
public sealed record Gemm(float Alpha, float Beta, bool TransposeA, bool TransposeB) : Operator;
