using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class FullyConnectedRoom : ICKernelRoom
{
    public string KernelFolder => "fully_connected";

    public LoweredLayer Lower(LoweringContext context)
    {
        var layer = (LinearLayer)context.Layer;
        int depth = layer.Weights.Length / layer.OutputChannels;
        int padded = LinearLowering.PaddedDepth(depth, context.IsDsp);
        long rows = context.View.Output.Shape.Elements / layer.OutputChannels;
        int rank = LinearLowering.LargestRank(context);
        context.View.Require(rows <= ushort.MaxValue, "MCU0901", "more than 65535 rows");
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
            Adapters = context.Variants.Select(v => v is null ? null : LinearLowering.MatrixTables(context, v, depth)).ToEquatableArray(),

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
