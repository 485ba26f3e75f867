using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class AveragePool2DRoom : OperatorRoom<AveragePool2D>
{
    public override string Name => "average_pool2d";

    public override IReadOnlyList<OutputType> Infer(NodeView node) =>
        Pool2D.Infer(node, Attributes(node).Window, Attributes(node).Layout);

    public override void RunFloat(NodeRun run)
    {
        AveragePool2D op = Attributes(run);
        int whole = op.CountIncludePad ? op.Window.KernelH * op.Window.KernelW : 0;
        Pool2D.Run(run, op.Window, op.Activation, op.Layout, (image, shape, rows, columns, y) => Average(image, shape, rows, columns, whole, y));
    }

    /// <param name="whole">Divisor when padding counts; 0 to divide by the taps inside the image.</param>
    private static void Average(ReadOnlySpan<float> image, Shape shape, Taps rows, Taps columns, int whole, Span<float> y)
    {
        int channels = shape[3];
        var sums = new double[channels];
        for (int r = 0; r < rows.Count; r++)
        {
            for (int c = 0; c < columns.Count; c++)
            {
                ReadOnlySpan<float> pixel = image.Slice(((rows.Position(r) * shape[2]) + columns.Position(c)) * channels, channels);
                for (int i = 0; i < channels; i++)
                {
                    sums[i] += pixel[i];
                }
            }
        }

        double divisor = whole > 0 ? whole : (double)rows.Count * columns.Count;
        for (int i = 0; i < channels; i++)
        {
            y[i] = (float)(sums[i] / divisor);
        }
    }
}
