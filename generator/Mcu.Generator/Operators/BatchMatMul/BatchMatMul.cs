namespace Mcu.Generator.Operators;

/// <summary>
/// Product of two stacks of matrices: <c>[…,M,K]·[…,K,N] = […,M,N]</c>; leading axes are broadcast. With
/// <paramref name="TransposeX"/> the first input lies as <c>[…,K,M]</c>, with <paramref name="TransposeY"/> the second as
/// <c>[…,N,K]</c> (TensorFlow Lite BATCH_MATMUL; a pass makes it from ONNX MatMul of two activations). Inputs: x, y.
/// </summary>
public sealed record BatchMatMul(bool TransposeX, bool TransposeY) : Operator;
