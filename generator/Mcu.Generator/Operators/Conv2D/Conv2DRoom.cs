using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class Conv2DRoom : OperatorRoom<Conv2D>
{
    public override string Name => "conv2d";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Conv2D op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        Tensor weights = node.Input(1);
        ShapeRules.RequireRank(node, x, 4);
        ShapeRules.RequireRank(node, weights, 4);
        ShapeRules.RequireSameType(node, x, weights);
        bool nchw = op.Layout == Layout.Nchw;
        CheckChannels(node, op.Groups, x.Shape[nchw ? 1 : 3], weights.Shape[nchw ? 1 : 3], weights.Shape[0]);
        (int kh, int kw) = nchw ? (weights.Shape[2], weights.Shape[3]) : (weights.Shape[1], weights.Shape[2]);
        node.Require(
            kh == op.Window.KernelH && kw == op.Window.KernelW,
            "MCU0624",
            $"weights '{weights.Name}' {weights.Shape} do not have the kernel {op.Window.KernelH}x{op.Window.KernelW}");
        ShapeRules.RequireBias(node, 2, x, weights.Shape[0]);
        (int height, int width) = nchw ? (x.Shape[2], x.Shape[3]) : (x.Shape[1], x.Shape[2]);
        (long outH, long outW) = ShapeRules.WindowOutput(node, op.Window, height, width);
        return nchw
            ? ShapeRules.Output(node, x.Type, x.Shape[0], weights.Shape[0], outH, outW)
            : ShapeRules.Output(node, x.Type, x.Shape[0], outH, outW, weights.Shape[0]);
    }

    public override long Macs(NodeView node)
    {
        Shape weights = node.Input(1).Shape;
        return node.Output.Shape.Elements * (weights.Elements / weights[0]);
    }

    public override void RunFloat(NodeRun run)
    {
        Conv2D op = Attributes(run);
        TensorValue x = run.Input(0);
        TensorValue weights = run.Input(1);
        float[]? bias = run.OptionalInput(2)?.Floats;
        if (op.Layout == Layout.Nhwc)
        {
            Run(op, x.Floats, x.Shape, weights.Floats, bias, run.Output.Floats, run.Output.Shape);
            return;
        }

        Shape y = Permute.Shape(run.Output.Shape, Permute.NchwToNhwc);
        var output = new float[run.Output.Floats.Length];
        Run(
            op,
            Permute.Data<float>(x.Floats, x.Shape, Permute.NchwToNhwc),
            Permute.Shape(x.Shape, Permute.NchwToNhwc),
            Permute.Data<float>(weights.Floats, weights.Shape, Permute.NchwToNhwc),
            bias,
            output,
            y);
        Permute.Copy<float>(output, y, Permute.NhwcToNchw, run.Output.Floats);
    }

    private static void CheckChannels(NodeView node, int groups, int inputs, int inputsPerGroup, int outputs)
    {
        node.Require(groups > 0 && outputs % groups == 0 && inputs % groups == 0, "MCU0626", $"{inputs} input and {outputs} output channels cannot be split into {groups} groups");
        node.Require(
            (long)inputsPerGroup * groups == inputs,
            "MCU0621",
            $"the input has {inputs} channels, the weights read {inputsPerGroup} in each of {groups} group(s)");
    }

    private static void Run(Conv2D op, ReadOnlySpan<float> x, Shape xs, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, Span<float> y, Shape ys)
    {
        int position = 0;
        for (int n = 0; n < ys[0]; n++)
        {
            ReadOnlySpan<float> image = x.Slice(n * xs[1] * xs[2] * xs[3], xs[1] * xs[2] * xs[3]);
            for (int oy = 0; oy < ys[1]; oy++)
            {
                for (int ox = 0; ox < ys[2]; ox++, position += ys[3])
                {
                    Pixel(op, image, xs, w, bias, oy, ox, y.Slice(position, ys[3]));
                }
            }
        }

        FloatKernels.Clamp(y, op.Activation);
    }

    /// <summary>All output channels of one pixel. Taps of one kernel row are contiguous in input and weights when undilated and ungrouped.</summary>
    private static void Pixel(Conv2D op, ReadOnlySpan<float> x, Shape xs, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, int oy, int ox, Span<float> y)
    {
        Window2D window = op.Window;
        int perGroup = xs[3] / op.Groups;
        int filter = window.KernelH * window.KernelW * perGroup;
        int outputsPerGroup = y.Length / op.Groups;
        Taps rows = Taps.Of(oy, window.StrideH, window.Padding.Top, window.DilationH, window.KernelH, xs[1]);
        Taps columns = Taps.Of(ox, window.StrideW, window.Padding.Left, window.DilationW, window.KernelW, xs[2]);
        bool contiguous = window.DilationW == 1 && op.Groups == 1;
        int run = contiguous ? columns.Count * perGroup : perGroup;
        int runs = contiguous ? Math.Min(1, columns.Count) : columns.Count;
        for (int o = 0; o < y.Length; o++)
        {
            double sum = bias.IsEmpty ? 0 : bias[o];
            int channel = o / outputsPerGroup * perGroup;
            for (int r = 0; r < rows.Count; r++)
            {
                int input = (((rows.Position(r) * xs[2]) + columns.Start) * xs[3]) + channel;
                int weight = (o * filter) + ((((rows.First + r) * window.KernelW) + columns.First) * perGroup);
                for (int c = 0; c < runs; c++)
                {
                    sum += FloatKernels.Dot(x.Slice(input, run), w.Slice(weight, run));
                    input += window.DilationW * xs[3];
                    weight += perGroup;
                }
            }

            y[o] = (float)sum;
        }
    }
}
