namespace Mcu.Generator.Operators;

/// <summary>Maximum pool; padding never wins.</summary>
public sealed record MaxPool2D(Window2D Window, FusedActivation Activation, Layout Layout = Layout.Nhwc) : Operator;
