namespace Mcu.Generator.Operators;

/// <summary>
/// Two-dimensional convolution, also grouped. Inputs: x, weights, bias (optional).
/// NHWC: x <c>[N,H,W,I]</c>, weights <c>[O,KH,KW,I/groups]</c>. NCHW (as read from ONNX): x <c>[N,I,H,W]</c>,
/// weights <c>[O,I/groups,KH,KW]</c>. bias <c>[O]</c>. Padding is with zero (the zero point in int8).
/// </summary>
public sealed record Conv2D(Window2D Window, int Groups, FusedActivation Activation, Layout Layout = Layout.Nhwc) : Operator;
