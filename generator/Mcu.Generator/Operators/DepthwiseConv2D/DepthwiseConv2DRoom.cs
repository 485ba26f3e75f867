using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class DepthwiseConv2DRoom : OperatorRoom<DepthwiseConv2D>
{
    public override string Name => "depthwise_conv2d";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        DepthwiseConv2D op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        Tensor weights = node.Input(1);
        ShapeRules.RequireRank(node, x, 4);
        ShapeRules.RequireRank(node, weights, 4);
        ShapeRules.RequireSameType(node, x, weights);
        node.Require(
            weights.Shape[0] == 1 && weights.Shape[1] == op.Window.KernelH && weights.Shape[2] == op.Window.KernelW,
            "MCU0624",
            $"weights '{weights.Name}' {weights.Shape} do not have the kernel 1x{op.Window.KernelH}x{op.Window.KernelW}");
        node.Require(
            op.Multiplier > 0 && (long)x.Shape[3] * op.Multiplier == weights.Shape[3],
            "MCU0621",
            $"the input has {x.Shape[3]} channels with multiplier {op.Multiplier}, the weights have {weights.Shape[3]}");
        ShapeRules.RequireBias(node, 2, x, weights.Shape[3]);
        (long height, long width) = ShapeRules.WindowOutput(node, op.Window, x.Shape[1], x.Shape[2]);
        return ShapeRules.Output(node, x.Type, x.Shape[0], height, width, weights.Shape[3]);
    }

    public override long Macs(NodeView node)
    {
        Shape weights = node.Input(1).Shape;
        return node.Output.Shape.Elements * weights[1] * weights[2];
    }

    public override void RunFloat(NodeRun run)
    {
        DepthwiseConv2D op = Attributes(run);
        Shape xs = run.Input(0).Shape;
        Shape ys = run.Output.Shape;
        ReadOnlySpan<float> x = run.Input(0).Floats;
        ReadOnlySpan<float> w = run.Input(1).Floats;
        ReadOnlySpan<float> bias = run.OptionalInput(2)?.Floats;
        Span<float> y = run.Output.Floats;
        var sums = new double[ys[3]];
        int position = 0;
        for (int n = 0; n < ys[0]; n++)
        {
            ReadOnlySpan<float> image = x.Slice(n * xs[1] * xs[2] * xs[3], xs[1] * xs[2] * xs[3]);
            for (int oy = 0; oy < ys[1]; oy++)
            {
                for (int ox = 0; ox < ys[2]; ox++, position += ys[3])
                {
                    Start(sums, bias);
                    Accumulate(op, image, xs, w, oy, ox, sums);
                    Store(sums, y.Slice(position, ys[3]));
                }
            }
        }

        FloatKernels.Clamp(y, op.Activation);
    }

    private static void Start(Span<double> sums, ReadOnlySpan<float> bias)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = bias.IsEmpty ? 0 : bias[i];
        }
    }

    private static void Store(ReadOnlySpan<double> sums, Span<float> y)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            y[i] = (float)sums[i];
        }
    }

    private static void Accumulate(DepthwiseConv2D op, ReadOnlySpan<float> image, Shape xs, ReadOnlySpan<float> w, int oy, int ox, Span<double> sums)
    {
        Window2D window = op.Window;
        Taps rows = Taps.Of(oy, window.StrideH, window.Padding.Top, window.DilationH, window.KernelH, xs[1]);
        Taps columns = Taps.Of(ox, window.StrideW, window.Padding.Left, window.DilationW, window.KernelW, xs[2]);
        for (int r = 0; r < rows.Count; r++)
        {
            for (int c = 0; c < columns.Count; c++)
            {
                ReadOnlySpan<float> pixel = image.Slice(((rows.Position(r) * xs[2]) + columns.Position(c)) * xs[3], xs[3]);
                int tap = ((rows.First + r) * window.KernelW) + columns.First + c;
                AddTap(pixel, w.Slice(tap * sums.Length, sums.Length), op.Multiplier, sums);
            }
        }
    }

    private static void AddTap(ReadOnlySpan<float> pixel, ReadOnlySpan<float> w, int multiplier, Span<double> sums)
    {
        int o = 0;
        foreach (float value in pixel)
        {
            for (int m = 0; m < multiplier; m++, o++)
            {
                sums[o] += (double)value * w[o];
            }
        }
    }
}
