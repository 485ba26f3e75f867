using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Convolutions and pools.</summary>
internal static class WindowImport
{
    /// <summary>Bound on kernel, stride and dilation: far above real networks, so that sums of them cannot overflow.</summary>
    private const int Limit = 4096;

    private const int Same = 0;
    private const int Valid = 1;

    public static ImportedOperator Conv2D(TfliteNode node)
    {
        FlatTable options = node.Options!.Value;
        Tensor x = node.Input(0, rank: 4);
        Tensor weights = node.Weights(1, rank: 4, axis: 0);
        RequireBiasType(node, options.Byte(TfliteSchema.Conv2DOptions.BiasType));
        Window2D window = Window(
            node,
            x.Shape,
            options.Byte(TfliteSchema.Conv2DOptions.Padding),
            (weights.Shape[1], weights.Shape[2]),
            (options.Int(TfliteSchema.Conv2DOptions.StrideH), options.Int(TfliteSchema.Conv2DOptions.StrideW)),
            (options.Int(TfliteSchema.Conv2DOptions.DilationH, 1), options.Int(TfliteSchema.Conv2DOptions.DilationW, 1)));

        // A convolution is grouped when its weights read fewer channels than the input has.
        int groups = x.Shape[3] % weights.Shape[3] == 0 ? x.Shape[3] / weights.Shape[3] : 1;
        return new(new Conv2D(window, groups, node.Activation(options.Byte(TfliteSchema.Conv2DOptions.Activation))), 3);
    }

    public static ImportedOperator DepthwiseConv2D(TfliteNode node)
    {
        FlatTable options = node.Options!.Value;
        Tensor x = node.Input(0, rank: 4);
        Tensor weights = node.Weights(1, rank: 4, axis: 3);
        Window2D window = Window(
            node,
            x.Shape,
            options.Byte(TfliteSchema.DepthwiseConv2DOptions.Padding),
            (weights.Shape[1], weights.Shape[2]),
            (options.Int(TfliteSchema.DepthwiseConv2DOptions.StrideH), options.Int(TfliteSchema.DepthwiseConv2DOptions.StrideW)),
            (options.Int(TfliteSchema.DepthwiseConv2DOptions.DilationH, 1), options.Int(TfliteSchema.DepthwiseConv2DOptions.DilationW, 1)));

        // The stored multiplier is redundant (0 in newer files); one that contradicts the shapes is an error.
        int multiplier = weights.Shape[3] / x.Shape[3];
        int stored = options.Int(TfliteSchema.DepthwiseConv2DOptions.Multiplier);
        node.Require(stored == 0 || stored == multiplier, "MCU0226", $"its depth multiplier is {stored}, but the shapes give {multiplier}", "Export the model again.");
        return new(new DepthwiseConv2D(window, multiplier, node.Activation(options.Byte(TfliteSchema.DepthwiseConv2DOptions.Activation))), 3);
    }

    public static ImportedOperator AveragePool(TfliteNode node)
    {
        (Window2D window, FusedActivation activation) = Pool(node);
        return new(new AveragePool2D(window, CountIncludePad: false, activation), 1);
    }

    public static ImportedOperator MaxPool(TfliteNode node)
    {
        (Window2D window, FusedActivation activation) = Pool(node);
        return new(new MaxPool2D(window, activation), 1);
    }

    /// <summary>Bias and accumulator are 32 bits; a file may say so, but not ask for another type.</summary>
    public static void RequireBiasType(TfliteNode node, int type) =>
        node.Require(
            type is TfliteSchema.Float32 or TfliteSchema.Int32,
            "MCU0226",
            $"it asks for a bias and accumulator of type {TfliteSchema.TypeName(type)}",
            "Convert with 32-bit biases.");

    private static (Window2D Window, FusedActivation Activation) Pool(TfliteNode node)
    {
        FlatTable options = node.Options!.Value;
        Window2D window = Window(
            node,
            node.Input(0, rank: 4).Shape,
            options.Byte(TfliteSchema.Pool2DOptions.Padding),
            (options.Int(TfliteSchema.Pool2DOptions.FilterH), options.Int(TfliteSchema.Pool2DOptions.FilterW)),
            (options.Int(TfliteSchema.Pool2DOptions.StrideH), options.Int(TfliteSchema.Pool2DOptions.StrideW)),
            (1, 1));
        return (window, node.Activation(options.Byte(TfliteSchema.Pool2DOptions.Activation)));
    }

    private static Window2D Window(TfliteNode node, Shape x, int padding, (int H, int W) kernel, (int H, int W) stride, (int H, int W) dilation)
    {
        RequireSize(node, "kernel", kernel);
        RequireSize(node, "stride", stride);
        RequireSize(node, "dilation", dilation);
        node.Require(padding is Same or Valid, "MCU0224", $"its padding number {padding} is neither SAME nor VALID", "The file is damaged: export it again.");
        (int top, int bottom) = padding == Same ? SamePadding(x[1], kernel.H, stride.H, dilation.H) : (0, 0);
        (int left, int right) = padding == Same ? SamePadding(x[2], kernel.W, stride.W, dilation.W) : (0, 0);
        return new Window2D(kernel.H, kernel.W, stride.H, stride.W, dilation.H, dilation.W, new Padding2D(top, left, bottom, right));
    }

    /// <summary>
    /// SAME padding: as many outputs as strides begin inside the input; where the padding is odd, the larger half comes
    /// after (TensorFlow documentation, "Notes on padding").
    /// </summary>
    private static (int Before, int After) SamePadding(int extent, int kernel, int stride, int dilation)
    {
        long outputs = ((long)extent + stride - 1) / stride;
        long reach = ((kernel - 1L) * dilation) + 1;
        long total = Math.Max(0, ((outputs - 1) * stride) + reach - extent);
        return ((int)(total / 2), (int)(total - (total / 2)));
    }

    private static void RequireSize(TfliteNode node, string what, (int H, int W) size) =>
        node.Require(
            Math.Min(size.H, size.W) >= 1 && Math.Max(size.H, size.W) <= Limit,
            "MCU0224",
            $"its {what} {size.H}x{size.W} is outside 1..{Limit}",
            "The file is damaged: export it again.");
}
