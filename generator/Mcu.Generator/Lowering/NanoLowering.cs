using System.Globalization;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>What the managed kernels' calls share.</summary>
public static class NanoLowering
{
    /// <summary>Pixels whose windows lie in the lanes of two numbers (Conv2D.cs).</summary>
    public const int LanePixels = 6;

    /// <summary>Sums of weights' sizes below this keep a lane of 21 bits apart: 128 times as much is below 2^20.</summary>
    private const int LaneLimit = 1 << 13;

    /// <summary>Rows from which on the convolution's kernel, which shares weights among rows, is the faster one.</summary>
    public const int ConvolutionRows = 3;

    /// <summary>What adapters' low-rank and sparse terms need beside the kernels.</summary>
    public const string TermsFile = "runtime/AdapterTerms.cs";

    /// <summary>The call of a node, lookups included.</summary>
    public static NanoCall CallOf(NanoContext context) => context.Lowered.Function == "mcu_lookup_s8"
        ? new NanoCall("Lookup", ["kernels/lookup/Lookup.cs"], [Number("count", context.View.Output.Shape.Elements)]) { Tables = [context.Lowered.FieldTables[0].Table] }
        : OperatorCatalog.RoomOf(context.View.Node.Operator) is INanoKernelRoom room
            ? room.Call(context)
            : throw context.View.Error("MCU1504", "the operator has no managed kernel", "Use --form interop, or --lang c.");

    public static (string Name, string Value) Number(string name, long value) => (name, value.ToString(CultureInfo.InvariantCulture));

    public static (string Name, string Value) Flag(string name, bool value) => (name, value ? "true" : "false");

    public static string[] Files(string kernel, params string[] runtime) => [kernel, .. runtime.Select(r => $"runtime/{r}.cs")];

    /// <summary>The file for adapters' terms, where there are any.</summary>
    public static string[] TermsFiles(int terms) => terms > 0 ? [TermsFile] : [];

    /// <summary>A convolution of one image, or a matrix product of rows seen as one.</summary>
    public static NanoCall Convolution(NanoContext context, Window2D window, Shape x, Shape y)
    {
        LinearShape shape = context.Lowered.Shape!;
        bool direct = window is { KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1 } && window.Padding.IsZero;
        int group = Math.Min(LanePixels, y[1] * y[2]);
        int terms = Terms(context, group);
        return new NanoCall(
            "Conv2D",
            [.. Files("kernels/conv2d/Conv2D.cs", "Numerics", "Linear", "Window"), .. TermsFiles(terms)],
            [
                Number("inputH", x[1]), Number("inputW", x[2]), Number("inputC", x[3]), Number("outputH", y[1]), Number("outputW", y[2]),
                .. Geometry(window), Number("dilationH", window.DilationH), Number("dilationW", window.DilationW),
                Number("padTop", window.Padding.Top), Number("padLeft", window.Padding.Left), .. Linear(context),
            ])
        {
            Chunk = Chunk(context.Lowered),
            Scratch = new NanoScratch(direct ? 0 : group * shape.Depth, shape.Depth, group > 3 ? shape.Depth : 0, terms),
        };
    }

    public static IEnumerable<(string Name, string Value)> Geometry(Window2D window) =>
    [
        Number("kernelH", window.KernelH), Number("kernelW", window.KernelW), Number("strideH", window.StrideH), Number("strideW", window.StrideW),
    ];

    /// <summary>Outputs, zero points, clamp and path of a linear layer.</summary>
    public static IEnumerable<(string Name, string Value)> Linear(NanoContext context)
    {
        var layer = (LinearLayer)context.Layer;
        return
        [
            Number("outputs", layer.OutputChannels), Number("inputZeroPoint", layer.InputZeroPoint), Number("outputZeroPoint", layer.OutputZeroPoint),
            Number("low", layer.ActivationMin), Number("high", layer.ActivationMax), Flag("fast", context.Lowered.Shape!.IsFast),
        ];
    }

    /// <summary>Products that a lane can add up, whatever the input is; even, and the same for the base and every adapter.</summary>
    public static int Chunk(LoweredLayer lowered)
    {
        int depth = lowered.Shape!.Depth;
        CTable[] all = [.. lowered.Adapters.Where(a => a is not null).Select(a => a!.Weights).Prepend(lowered.Linear!.Weights).Distinct()];
        int chunk = (depth + 1) & ~1;
        while (!all.All(w => Fits(w, depth, chunk)))
        {
            chunk = ((chunk / 2) + 1) & ~1;
        }

        return chunk;
    }

    /// <summary>Elements for what adapters or delta images add to <paramref name="pixels"/> pixels, and one pixel's projections.</summary>
    public static int Terms(NanoContext context, int pixels)
    {
        int[] ranks = [.. context.Lowered.Adapters.Where(a => a?.Lora is not null || a?.Sparse is not null).Select(a => RankOf(a!))];
        return ranks.Length == 0 && context.DeltaRank == 0 ? 0 : (pixels * context.Lowered.Shape!.Outputs) + ranks.Append(context.DeltaRank).Max();
    }

    private static int RankOf(LinearTables tables)
    {
        int rank = 0;
        for (LoraTables? lora = tables.Lora; lora is not null; lora = lora.Next)
        {
            rank = Math.Max(rank, lora.Rank);
        }

        return rank;
    }

    private static bool Fits(CTable weights, int depth, int chunk)
    {
        ReadOnlySpan<long> values = weights.Values.Span;
        for (int row = 0; row < values.Length; row += depth)
        {
            for (int from = 0; from < depth; from += chunk)
            {
                long sum = 0;
                foreach (long w in values.Slice(row + from, Math.Min(chunk, depth - from)))
                {
                    sum += Math.Abs(w);
                }

                if (sum >= LaneLimit)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
