using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>What the two pools share: shape rule, and the walk over output pixels in NHWC.</summary>
internal static class Pool2D
{
    /// <summary>Computes all channels of one output pixel from the taps inside the image.</summary>
    public delegate void PixelRule(ReadOnlySpan<float> image, Shape shape, Taps rows, Taps columns, Span<float> output);

    public static IReadOnlyList<OutputType> Infer(NodeView node, Window2D window, Layout layout)
    {
        Tensor x = ShapeRules.Activation(node, 0);
        ShapeRules.RequireRank(node, x, 4);
        bool nchw = layout == Layout.Nchw;
        (int height, int width) = nchw ? (x.Shape[2], x.Shape[3]) : (x.Shape[1], x.Shape[2]);
        (long outH, long outW) = ShapeRules.WindowOutput(node, window, height, width);
        IReadOnlyList<OutputType> output = nchw
            ? ShapeRules.Output(node, x.Type, x.Shape[0], x.Shape[1], outH, outW)
            : ShapeRules.Output(node, x.Type, x.Shape[0], outH, outW, x.Shape[3]);
        ShapeRules.RequireCovered(node, window, height, width);
        return output;
    }

    public static void Run(NodeRun run, Window2D window, FusedActivation activation, Layout layout, PixelRule rule)
    {
        TensorValue x = run.Input(0);
        if (layout == Layout.Nhwc)
        {
            Walk(x.Floats, x.Shape, window, rule, run.Output.Floats, run.Output.Shape);
        }
        else
        {
            Shape ys = Permute.Shape(run.Output.Shape, Permute.NchwToNhwc);
            var y = new float[run.Output.Floats.Length];
            float[] moved = Permute.Data<float>(x.Floats, x.Shape, Permute.NchwToNhwc);
            Walk(moved, Permute.Shape(x.Shape, Permute.NchwToNhwc), window, rule, y, ys);
            Permute.Copy<float>(y, ys, Permute.NhwcToNchw, run.Output.Floats);
        }

        FloatKernels.Clamp(run.Output.Floats, activation);
    }

    private static void Walk(ReadOnlySpan<float> x, Shape xs, Window2D window, PixelRule rule, Span<float> y, Shape ys)
    {
        int position = 0;
        int imageLength = xs[1] * xs[2] * xs[3];
        for (int n = 0; n < ys[0]; n++)
        {
            for (int oy = 0; oy < ys[1]; oy++)
            {
                Taps rows = Taps.Of(oy, window.StrideH, window.Padding.Top, window.DilationH, window.KernelH, xs[1]);
                for (int ox = 0; ox < ys[2]; ox++, position += ys[3])
                {
                    Taps columns = Taps.Of(ox, window.StrideW, window.Padding.Left, window.DilationW, window.KernelW, xs[2]);
                    rule(x.Slice(n * imageLength, imageLength), xs, rows, columns, y.Slice(position, ys[3]));
                }
            }
        }
    }
}
