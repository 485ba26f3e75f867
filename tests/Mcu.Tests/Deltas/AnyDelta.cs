using CsCheck;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Deltas;

/// <summary>Random interfaces with random images of them.</summary>
internal static class AnyDelta
{
    /// <summary>A random interface with a random image of it.</summary>
    public static Gen<(DeltaInterface Shape, DeltaImage Image)> Image { get; } =
        from packing in Gen.Int[0, 1]
        from layers in AnyLayer.Array[1, 5]
        from numbers in Gen.UInt.Array[3]
        from tests in Gen.Select(Gen.UInt, Gen.UInt, (s, c) => new DeltaSelfTest(s, c)).Array[0, 3]
        from parents in Gen.ULong.Select(v => new DeltaHash(v)).Array[0, 2]
        let shape = new DeltaInterface(DeltaHash.Of("abi"u8), TinyDelta.Base, packing, layers.Select(l => l.Shape).ToEquatableArray())
        select (shape, new DeltaImage(
            new DeltaHeader(TinyDelta.Base, shape.Abi, numbers[0], numbers[1], numbers[2]), EquatableArray.Wrap(parents), EquatableArray.Wrap(tests), layers.Select(DeltaLayer? (l) => l.Layer).ToEquatableArray()));

    private static Gen<(DeltaLayerShape Shape, DeltaLayer? Layer)> AnyLayer =>
        from kind in Gen.Int[0, 2].Select(k => (LinearKind)k)
        from outputs in Gen.Int[1, 7]
        from depth in kind == LinearKind.Norm ? Gen.Const(1) : Gen.Int[1, 300]
        from zeroPoint in Gen.Int[-128, 127]
        let shape = new DeltaLayerShape("layer", kind, outputs, depth, false, zeroPoint, 1)
        from layer in kind == LinearKind.Norm ? NormChanges(shape) : Changes(shape)
        select (shape, layer.Sections == DeltaSections.None ? null : layer);

    private static Gen<DeltaLayer> Changes(DeltaLayerShape shape) =>
        from kind in Gen.Int[0, 2]
        from bias in Gen.Int.Array[shape.Outputs]
        from requant in Requant(shape.Outputs)
        from weights in Gen.SByte.Array[shape.Outputs * shape.Depth]
        from terms in AnyTerm(shape).Array[0, shape.Kind == LinearKind.Depthwise ? 0 : 3]
        from sparse in Sparse(shape)
        from bits in Gen.Int[0, 15]
        select new DeltaLayer
        {
            Bias = kind == 2 || (bits & 1) != 0 ? EquatableArray.Wrap(bias) : null,
            Requant = kind == 2 || (bits & 2) != 0 ? requant : null,
            Weights = kind == 2 ? EquatableArray.Wrap(weights) : null,
            Terms = (bits & 4) != 0 ? EquatableArray.Wrap(terms) : [],
            Sparse = (bits & 8) != 0 ? sparse : null,
        };

    private static Gen<DeltaLayer> NormChanges(DeltaLayerShape shape) =>
        from beta in Gen.Int.Array[shape.Outputs]
        from requant in Requant(1)
        from gamma in Gen.Short.Array[shape.Outputs]
        from bits in Gen.Int[0, 7]
        select new DeltaLayer
        {
            Bias = (bits & 1) != 0 ? EquatableArray.Wrap(beta) : null,
            Requant = (bits & 2) != 0 ? requant : null,
            Gamma = (bits & 4) != 0 ? EquatableArray.Wrap(gamma) : null,
        };

    private static Gen<DeltaRequant> Requant(int outputs) =>
        from multipliers in Gen.Int[0, int.MaxValue].Array[outputs]
        from shifts in Gen.Int[0, 31].Array[outputs]
        select new DeltaRequant(EquatableArray.Wrap(multipliers), EquatableArray.Wrap(shifts));

    private static Gen<SidePath> AnyTerm(DeltaLayerShape shape) =>
        from rank in Gen.Int[1, 5]
        from a in Gen.SByte.Array[rank * shape.Depth]
        from b in Gen.SByte.Array[shape.Outputs * rank]
        from multipliers in Gen.Int[0, int.MaxValue].Array[rank]
        from shifts in Gen.Int[-31, 0].Array[rank]
        from outputShifts in Gen.Int[0, 31].Array[shape.Outputs]
        select new SidePath(rank, EquatableArray.Wrap(a), EquatableArray.Wrap(multipliers), EquatableArray.Wrap(shifts), EquatableArray.Wrap(b), EquatableArray.Wrap(outputShifts));

    private static Gen<SparseCorrection?> Sparse(DeltaLayerShape shape) =>
        from positions in Gen.Int[0, (shape.Outputs * shape.Depth) - 1].Array[0, 20]
        from differences in Gen.Int[-600, 600].Array[20]
        let sums = positions.Distinct().Select((p, i) => KeyValuePair.Create(p, differences[i])).Where(p => p.Value != 0).ToDictionary()
        select sums.Count == 0 ? null : DeltaSparse.Of(sums, shape.Outputs, shape.Depth);
}
