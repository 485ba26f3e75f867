namespace Mcu.Generator.Operators;

/// <summary>
/// Depthwise convolution, NHWC. Inputs: x <c>[N,H,W,C]</c>, weights <c>[1,KH,KW,C·multiplier]</c>, bias
/// <c>[C·multiplier]</c> (optional). Output channel <c>c·multiplier + m</c> reads input channel <c>c</c>
/// (TensorFlow Lite DEPTHWISE_CONV_2D).
/// </summary>
public sealed record DepthwiseConv2D(Window2D Window, int Multiplier, FusedActivation Activation) : Operator;
