namespace Mcu.Generator.Operators;

/// <summary>An operator with its attributes. Its behaviour lives in the room of the same name (see <see cref="OperatorRoom"/>).</summary>
public abstract record Operator;

/// <summary>Memory layout of a four-dimensional activation. Files in NCHW are rewritten to NHWC by a pass.</summary>
public enum Layout
{
    Nhwc,
    Nchw,
}

/// <summary>
/// A clamp fused into the operator that produces the tensor, in real (dequantised) units.
/// </summary>
public readonly record struct FusedActivation(float Min, float Max)
{
    public static FusedActivation None { get; } = new(float.NegativeInfinity, float.PositiveInfinity);

    public static FusedActivation Relu { get; } = new(0, float.PositiveInfinity);

    public static FusedActivation Relu6 { get; } = new(0, 6);

    public static FusedActivation ReluN1To1 { get; } = new(-1, 1);

    public bool IsNone => float.IsNegativeInfinity(Min) && float.IsPositiveInfinity(Max);

    public float Apply(float value) => MathF.Min(MathF.Max(value, Min), Max);

    /// <summary>Both clamps one after the other.</summary>
    public FusedActivation Then(FusedActivation next) =>
        new(Math.Clamp(Min, next.Min, next.Max), Math.Clamp(Max, next.Min, next.Max));

    public override string ToString() => IsNone ? "none" : this == Relu ? "relu" : this == Relu6 ? "relu6" : $"clamp({Min}, {Max})";
}

/// <summary>Rows and columns added around an image.</summary>
public readonly record struct Padding2D(int Top, int Left, int Bottom, int Right)
{
    public bool IsZero => (Top | Left | Bottom | Right) == 0;
}

/// <summary>Window geometry shared by convolutions and pools.</summary>
public readonly record struct Window2D(int KernelH, int KernelW, int StrideH, int StrideW, int DilationH, int DilationW, Padding2D Padding)
{
    public int OutputHeight(int height) => OutputExtent(height, Padding.Top + (long)Padding.Bottom, KernelH, StrideH, DilationH);

    public int OutputWidth(int width) => OutputExtent(width, Padding.Left + (long)Padding.Right, KernelW, StrideW, DilationW);

    private static int OutputExtent(int extent, long padding, int kernel, int stride, int dilation) =>
        (int)Math.Max(0, (extent + padding - ((kernel - 1L) * dilation) - 1 + stride) / stride);
}
