namespace Mcu.Generator.Operators;

/// <summary>
/// Average pool. TensorFlow Lite divides by the number of elements inside the image
/// (<paramref name="CountIncludePad"/> false); ONNX can count the padding too.
/// </summary>
public sealed record AveragePool2D(Window2D Window, bool CountIncludePad, FusedActivation Activation, Layout Layout = Layout.Nhwc) : Operator;
