namespace Mcu.Generator.Operators;

/// <summary>Matrix product with batch dimensions and broadcasting (ONNX MatMul); rewritten to
/// <see cref="FullyConnected"/> by a pass where the second input is a constant matrix.</summary>
public sealed record MatMul : Operator;
