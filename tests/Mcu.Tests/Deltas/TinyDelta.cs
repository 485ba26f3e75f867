using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Deltas;

/// <summary>A small interface that belongs to no network, and an image with every section.</summary>
internal static class TinyDelta
{
    public static readonly DeltaHash Base = DeltaHash.Of("base"u8);

    /// <summary>Two matrix layers with odd shapes, a depthwise one and two layer normalisations.</summary>
    public static DeltaInterface Shape(int packing) => new(
        DeltaHash.Of("abi"u8),
        Base,
        packing,
        [new DeltaLayerShape("first", LinearKind.Matrix, 3, 5, true, -3, 80_000), new DeltaLayerShape("depthwise", LinearKind.Depthwise, 3, 9, true, 4, 100_000), new DeltaLayerShape("last", LinearKind.Matrix, 2, 3, false, 0, 50_000),
            new DeltaLayerShape("norm", LinearKind.Norm, 5, 1, true, 0, 1_000_000), new DeltaLayerShape("last norm", LinearKind.Norm, 3, 1, false, 0, 1_000_000)]);

    /// <summary>Every section once: BIAS and SPARSE in the first, WEIGHTS in the second, two terms in the last; a layer normalisation whole, and another's gamma.</summary>
    public static DeltaImage Image(int packing) => new(
        new DeltaHeader(Base, Shape(packing).Abi, 7, 2, 3),
        [DeltaHash.Of("parent"u8)],
        [new DeltaSelfTest(1, 0xCAFEF00D)],
        [
            new DeltaLayer { Bias = [1000, -2000, 3000], Sparse = DeltaSparse.Of(new Dictionary<int, int> { [2] = 5, [13] = -200 }, 3, 5) },
            new DeltaLayer { Bias = [1, 2, 3], Requant = new([1 << 30, 1 << 30, int.MaxValue], [1, 9, 22]), Weights = [.. Enumerable.Range(-13, 27).Select(v => (sbyte)v)] },
            new DeltaLayer { Terms = [Term(1, 2, 3), Term(2, 2, 3)] },
            new DeltaLayer { Bias = [1 << 20, -2, 3, -4, 5], Requant = new([1 << 30], [9]), Gamma = [1000, -2, 3, -32_000, 5] },
            new DeltaLayer { Gamma = [short.MinValue, 0, short.MaxValue] },
        ]);

    public static SidePath Term(int rank, int outputs, int depth) => new(
        rank,
        [.. Enumerable.Range(1, rank * depth).Select(v => (sbyte)v)],
        [.. Enumerable.Repeat(1 << 30, rank)],
        [.. Enumerable.Repeat(-3, rank)],
        [.. Enumerable.Range(1, outputs * rank).Select(v => (sbyte)-v)],
        [.. Enumerable.Range(4, outputs)]);
}
