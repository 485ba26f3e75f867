using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class MaxPool2DRoom : OperatorRoom<MaxPool2D>
{
    public override string Name => "max_pool2d";

    public override IReadOnlyList<OutputType> Infer(NodeView node) =>
        Pool2D.Infer(node, Attributes(node).Window, Attributes(node).Layout);

    public override void RunFloat(NodeRun run)
    {
        MaxPool2D op = Attributes(run);
        Pool2D.Run(run, op.Window, op.Activation, op.Layout, Maximum);
    }

    private static void Maximum(ReadOnlySpan<float> image, Shape shape, Taps rows, Taps columns, Span<float> y)
    {
        int channels = shape[3];
        y.Fill(float.NegativeInfinity);
        for (int r = 0; r < rows.Count; r++)
        {
            for (int c = 0; c < columns.Count; c++)
            {
                ReadOnlySpan<float> pixel = image.Slice(((rows.Position(r) * shape[2]) + columns.Position(c)) * channels, channels);
                for (int i = 0; i < channels; i++)
                {
                    y[i] = MathF.Max(y[i], pixel[i]);
                }
            }
        }
    }
}
