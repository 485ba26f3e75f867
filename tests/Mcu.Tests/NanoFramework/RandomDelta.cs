using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.NanoFramework;

/// <summary>Random changes of a network's layers, values at their ends included.</summary>
internal static class RandomDelta
{
    /// <summary>Any sections that may stand together, sometimes beyond the limits.</summary>
    public static IEnumerable<DeltaLayer?> Any(DeltaAbi abi, Random random) => abi.Slots.Select(slot => random.Next(5) switch
    {
        0 => null,
        1 => Replaced(slot, random),
        2 => new DeltaLayer { Requant = Requant(slot, random) },
        _ when slot.Kind == LinearKind.Norm && random.Next(2) == 0 => new DeltaLayer { Gamma = Gamma(slot, random) },
        _ => Added(slot, random, withBias: random.Next(2) == 0),
    }).Select(layer => layer is null || layer.Sections == DeltaSections.None ? null : layer);

    /// <summary>What goes together with others like it; a bias only where it is wanted.</summary>
    public static DeltaLayer? Added(DeltaSlot slot, Random random, bool withBias)
    {
        bool isMatrix = slot.Kind == LinearKind.Matrix;
        var layer = new DeltaLayer
        {
            Bias = withBias ? [.. Enumerable.Range(0, slot.Outputs).Select(_ => random.Next(-1 << 20, 1 << 20))] : null,
            Terms = isMatrix ? Enumerable.Range(0, random.Next(3)).Select(_ => Term(slot, random)).ToEquatableArray() : [],
            Sparse = slot.Kind == LinearKind.Norm || random.Next(2) == 0 ? null : Sparse(slot, random),
        };
        return layer.Sections == DeltaSections.None ? null : layer;
    }

    private static EquatableArray<short> Gamma(DeltaSlot slot, Random random) =>
        [.. Enumerable.Range(0, slot.Outputs).Select(_ => (short)(random.Next(20) == 0 ? -32768 : random.Next(-16000, 16001)))];

    private static DeltaLayer Replaced(DeltaSlot slot, Random random) => slot.Kind == LinearKind.Norm ? ReplacedNorm(slot, random) : new()
    {
        Bias = Bias(slot, random),
        Requant = Requant(slot, random),
        Weights = Values(random, slot.Outputs * slot.Depth),
        Terms = slot.Kind == LinearKind.Matrix && random.Next(2) == 0 ? [Term(slot, random)] : [],
        Sparse = random.Next(2) == 0 ? null : Sparse(slot, random),
    };

    private static DeltaLayer ReplacedNorm(DeltaSlot slot, Random random) => new() { Bias = Bias(slot, random), Requant = Requant(slot, random), Gamma = Gamma(slot, random) };

    private static EquatableArray<int> Bias(DeltaSlot slot, Random random)
    {
        int size = random.Next(8) == 0 ? int.MaxValue : 1 << random.Next(10, 30);
        return [.. Enumerable.Range(0, slot.Outputs).Select(_ => random.Next(-size, size))];
    }

    private static DeltaRequant Requant(DeltaSlot slot, Random random) => new(
        [.. Enumerable.Range(0, Scales(slot)).Select(_ => random.Next(slot.IsFast ? 1 << 30 : 0, int.MaxValue))],
        [.. Enumerable.Range(0, Scales(slot)).Select(_ => slot.IsFast ? random.Next(1, 23) : random.Next(0, 32))]);

    private static int Scales(DeltaSlot slot) => slot.Kind == LinearKind.Norm ? 1 : slot.Outputs;

    private static SidePath Term(DeltaSlot slot, Random random)
    {
        int rank = random.Next(1, 4);
        return new SidePath(
            rank,
            Values(random, rank * slot.Depth),
            [.. Enumerable.Range(0, rank).Select(_ => random.Next())],
            [.. Enumerable.Range(0, rank).Select(_ => -random.Next(12))],
            Values(random, slot.Outputs * rank),
            [.. Enumerable.Range(0, slot.Outputs).Select(_ => random.Next(32))]);
    }

    private static SparseCorrection? Sparse(DeltaSlot slot, Random random)
    {
        var sums = new Dictionary<int, int>();
        for (int i = random.Next(1, 20); i > 0; i--)
        {
            sums[random.Next(slot.Outputs * slot.Depth)] = random.Next(-300, 301);
        }

        SparseCorrection sparse = DeltaSparse.Of(sums, slot.Outputs, slot.Depth);
        return sparse.Columns.Length == 0 ? null : sparse;
    }

    private static EquatableArray<sbyte> Values(Random random, int count)
    {
        bool extreme = random.Next(2) == 0;
        return [.. Enumerable.Range(0, count).Select(_ => (sbyte)(extreme ? (random.Next(4) == 0 ? 127 : -128) : random.Next(-128, 128)))];
    }
}
