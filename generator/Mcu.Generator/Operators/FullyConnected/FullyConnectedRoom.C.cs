using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class FullyConnectedRoom : ICKernelRoom
{
    /// <summary>
    /// Rows (tokens) are the pixels of a 1x1 convolution, whose kernel reads each weight once for a block of them; the kernel
    /// of single rows reads it once for each.
    /// </summary>
    private static readonly Window2D EveryRow = new(1, 1, 1, 1, 1, 1, default);

    public string KernelFolder => "fully_connected";

    public LoweredLayer Lower(LoweringContext context)
    {
        var layer = (LinearLayer)context.Layer;
        int depth = layer.Weights.Length / layer.OutputChannels;
        long rows = context.View.Output.Shape.Elements / layer.OutputChannels;
        context.View.Require(rows <= ushort.MaxValue, "MCU0901", "more than 65535 rows");
        if (context.IsDsp && rows >= ConvolutionLowering.DspPixels)
        {
            return ConvolutionLowering.Lower(context, EveryRow, new Shape(1, (int)rows, 1, depth), new Shape(1, (int)rows, 1, layer.OutputChannels));
        }

        int padded = LinearLowering.PaddedDepth(depth, context.IsDsp);
        int rank = LinearLowering.LargestRank(context);
        LinearShape shape = LinearLowering.ShapeOf(context, depth, padded);
        return new LoweredLayer(
            $"mcu_fully_connected_s8{context.KernelSuffix}",
            "mcu_fully_connected",
            [LinearLowering.ShapeField(context, shape), CText.Field("rows", rows)],
            ["kernels/fully_connected/mcu_fully_connected.h", $"kernels/fully_connected/mcu_fully_connected_s8{context.KernelSuffix}.c", .. LinearLowering.RuntimeFiles(context)],
            context.IsDsp ? 2 * (padded + rank) : 2 * rank,
            PassesScratch: true)
        {
            Shape = shape,
            Linear = LinearLowering.MatrixTables(context, layer, depth),
            Adapters = context.AdapterTables<LinearLayer>(v => LinearLowering.MatrixTables(context, v, depth)),

            // The DSP kernel widens a row before it writes that row's outputs.
            Overlaps = context.IsDsp ? [new Overlap(0, RowDistance((int)rows, depth, layer.OutputChannels))] : [],
        };
    }

    private static int RowDistance(int rows, int depth, int outputs)
    {
        int distance = -rows * depth;
        for (int row = 1; row < rows; row++)
        {
            distance = Math.Max(distance, row * (outputs - depth));
        }

        return distance;
    }
}
