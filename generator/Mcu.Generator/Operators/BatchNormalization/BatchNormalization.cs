namespace Mcu.Generator.Operators;

/// <summary>
/// Inference form: <c>y = scale·(x − mean)/sqrt(variance + epsilon) + bias</c> per channel. Inputs: x, scale, bias, mean,
/// variance. The channel axis is 1 (ONNX). Folded into the convolution before it by a pass.
/// </summary>
public sealed record BatchNormalization(float Epsilon) : Operator;
