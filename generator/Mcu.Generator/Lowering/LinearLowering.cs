using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Lowering;

/// <summary>Packs the constants of linear layers as the C kernels read them, and proves what the fast path relies on.</summary>
public static class LinearLowering
{
    /// <summary>Accumulators of the fast path stay below.</summary>
    internal const long FastLimit = 1L << 30;

    /// <summary>Up to here the zero point, shifted left, and a value below 2^30 add without overflow.</summary>
    internal const int LargestFastShift = 22;

    /// <summary>Bytes of a packed weight row of a matrix kernel.</summary>
    public static int PaddedDepth(int depth, bool dsp) => dsp ? (depth + 3) & ~3 : depth;

    /// <summary>Rows of a packed weight matrix.</summary>
    public static int PaddedRows(int rows, bool dsp) => dsp ? (rows + 1) & ~1 : rows;

    /// <summary>Runtime files of the matrix kernels.</summary>
    public static EquatableArray<string> RuntimeFiles(LoweringContext context) =>
    [
        .. context.IsDsp ? ["runtime/mcu_gemm__dsp.c", "runtime/mcu_gemm__dsp.h"] : Enumerable.Empty<string>(),
        $"runtime/mcu_linear{context.KernelSuffix}.c", $"runtime/mcu_linear{context.KernelSuffix}.h", $"runtime/mcu_linear_walk{context.KernelSuffix}.h",
        .. TermKernels.Files(context),
    ];

    /// <summary>Shape of a layer, checked against the kernels' limits (MCU0901, MCU0904).</summary>
    public static LinearShape ShapeOf(LoweringContext context, int depth, int depthPadded)
    {
        var layer = (LinearLayer)context.Layer;
        context.View.Require(depthPadded <= ushort.MaxValue && layer.OutputChannels <= ushort.MaxValue, "MCU0901", "more than 65535 inputs or outputs per pixel");
        LinearKind kind = context.View.Node.Operator is DepthwiseConv2D ? LinearKind.Depthwise : LinearKind.Matrix;
        return new LinearShape(kind, layer.OutputChannels, depth, depthPadded, IsFast(context, depth));
    }

    /// <summary>Initialiser of <c>mcu_linear_shape</c>.</summary>
    public static string ShapeField(LoweringContext context, LinearShape shape)
    {
        var layer = (LinearLayer)context.Layer;
        return ShapeField(shape, layer.InputZeroPoint, layer.OutputZeroPoint, layer.ActivationMin, layer.ActivationMax);
    }

    internal static string ShapeField(LinearShape shape, int inputZeroPoint, int outputZeroPoint, int activationMin, int activationMax) =>
        $".linear = {{{string.Join(", ", [
            Field("depth", shape.Depth), Field("depth_padded", shape.PaddedDepth), Field("outputs", shape.Outputs),
            Field("input_zero_point", inputZeroPoint), Field("output_zero_point", outputZeroPoint),
            Field("activation_min", activationMin), Field("activation_max", activationMax),
            Field("fast", shape.IsFast ? 1 : 0)])}}}";

    /// <summary>Tables of a matrix kernel; weights are <c>[outputs, depth]</c>.</summary>
    public static LinearTables MatrixTables(LoweringContext context, LinearLayer layer, int depth)
    {
        bool dsp = context.IsDsp;
        int rows = PaddedRows(layer.OutputChannels, dsp);
        layer = ConstantOutputs.Rescale(layer, depth, outputsInnermost: false);
        return new LinearTables(
            CTable.Int8(PackMatrix(layer.Weights, layer.OutputChannels, depth, dsp)),
            CTable.Int32(Pad(FoldedBias(layer, depth), rows)),
            CTable.Int32(layer.Multipliers),
            CTable.Int8(layer.Shifts.Select(s => (sbyte)-s)),
            layer.Terms.Reverse().Aggregate((LoraTables?)null, (next, side) => SideTables(context, layer, side, depth) with { Next = next }),
            SparseTablesOf(layer, depth));
    }

    /// <summary>Tables of a depthwise kernel; <paramref name="weights"/> are the layer's, as <c>[outputs, taps]</c>.</summary>
    public static LinearTables DepthwiseTables(LinearLayer layer, sbyte[] weights, int taps)
    {
        LinearLayer turned = ConstantOutputs.Rescale(layer with { Weights = EquatableArray.Wrap(weights) }, taps, outputsInnermost: false);
        return new LinearTables(
            CTable.Int8(weights),
            CTable.Int32(FoldedBias(turned, taps)),
            CTable.Int32(turned.Multipliers),
            CTable.Int8(turned.Shifts.Select(s => (sbyte)-s)),
            null,
            SparseTablesOf(turned, taps));
    }

    /// <summary>
    /// Ranks of the side paths of the variant that has most, or of what delta images may bring, padded as the kernel's columns want them; 0
    /// for none.
    /// </summary>
    public static int LargestRank(LoweringContext context) =>
        Math.Max(PaddedDepth(context.DeltaRank, context.IsDsp), context.LinearLayers.Max(l => l.Terms.Sum(t => PaddedDepth(t.Rank, context.IsDsp))));

    /// <summary>
    /// Rows of <c>[rows, depth]</c> bytes: plain, or in pairs of rows, four columns at a time, padded with zeros.
    /// </summary>
    public static sbyte[] PackMatrix(EquatableArray<sbyte> weights, int rows, int depth, bool dsp)
    {
        if (!dsp)
        {
            return weights.ToArray();
        }

        int groups = PaddedDepth(depth, dsp) / 4;
        var packed = new sbyte[PaddedRows(rows, dsp) * groups * 4];
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < depth; k++)
            {
                int index = (((((row / 2) * groups) + (k / 4)) * 2) + (row % 2)) * 4;
                packed[index + (k % 4)] = weights[(row * depth) + k];
            }
        }

        return packed;
    }

    /// <summary>The bias with <c>−zx·sum w</c> folded in; MCU0904 where an accumulator could overflow.</summary>
    private static int[] FoldedBias(LinearLayer layer, int depth)
    {
        var bias = new int[layer.OutputChannels];
        for (int o = 0; o < bias.Length; o++)
        {
            long folded = layer.Bias[o] - ((long)layer.InputZeroPoint * Sum(layer.Weights.Span.Slice(o * depth, depth)));
            bias[o] = checked((int)folded);
        }

        return bias;
    }

    private static LoraTables SideTables(LoweringContext context, LinearLayer layer, SidePath side, int depth)
    {
        bool dsp = context.IsDsp;
        context.View.Require(side.Rank <= SidePathBuilder.LargestRank, "MCU0914", $"a side path of rank {side.Rank} could overflow 32 bits", "Use --adapter-mode merge, or a rank of at most 256.");
        int padded = PaddedRows(side.Rank, dsp);
        var aBias = new int[side.Rank];
        for (int r = 0; r < side.Rank; r++)
        {
            aBias[r] = side.OffsetOf(r) - (layer.InputZeroPoint * (int)Sum(side.A.Span.Slice(r * depth, depth)));
        }

        return new LoraTables(
            side.Rank,
            PaddedDepth(side.Rank, dsp),
            CTable.Int8(PackMatrix(side.A, side.Rank, depth, dsp)),
            CTable.Int32(Pad(aBias, padded)),
            CTable.Int32(side.Multipliers),
            CTable.Int8(side.Shifts.Select(s => (sbyte)-s)),
            CTable.Int8(PackMatrix(side.B, layer.OutputChannels, side.Rank, dsp)),
            CTable.UInt8(side.OutputShifts));
    }

    private static SparseTables? SparseTablesOf(LinearLayer layer, int depth) => layer.Corrections is null or { Columns.Length: 0 }
        ? null
        : new SparseTables(CTable.UInt8(SparseStream.Encode(layer.Corrections, depth).Select(b => (int)b)));

    /// <summary>
    /// Whether every variant's shifts are 1 to 22 to the right, its multipliers are normalised (2^30 or more) and no
    /// accumulator reaches 2^30.
    /// </summary>
    private static bool IsFast(LoweringContext context, int depth)
    {
        bool isDepthwise = context.View.Node.Operator is DepthwiseConv2D;
        LinearLayer[] layers = [.. context.LinearLayers.Select(l => ConstantOutputs.Rescale(l, depth, isDepthwise))];
        long largest = layers.Max(l => AccumulatorBound.Of(l, depth, isDepthwise));
        context.View.Require(largest < 1L << 31, "MCU0904", $"an accumulator could reach {largest} and overflow 32 bits", "The bias or the weights are out of range for int8 quantisation.");
        return context.AgreeOn([.. layers.Select(layer => IsFast(layer, depth, isDepthwise))]);
    }

    private static bool IsFast(LinearLayer layer, int depth, bool isDepthwise) =>
        layer.Shifts.All(s => s is <= -1 and >= -LargestFastShift) && layer.Multipliers.All(m => m >= FastLimit) && AccumulatorBound.Of(layer, depth, isDepthwise) < FastLimit;

    private static int[] Pad(IEnumerable<int> values, int length)
    {
        int[] padded = new int[length];
        int count = 0;
        foreach (int value in values)
        {
            padded[count++] = value;
        }

        return padded;
    }

    private static long Sum(ReadOnlySpan<sbyte> values)
    {
        long sum = 0;
        foreach (sbyte value in values)
        {
            sum += value;
        }

        return sum;
    }
}
