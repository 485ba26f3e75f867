using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;

namespace Mcu.Tests.Deltas;

/// <summary>Images that change random weights, spread over all layers as magnitude pruning of a fine-tuned model would spread them.</summary>
internal static class SparseDelta
{
    public static DeltaImage Image(DeltaAbi abi, int changes, int seed)
    {
        int[] sizes = [.. abi.Slots.Select(s => s.Outputs * s.Depth)];
        var random = new Random(seed);
        var layers = sizes.Select(_ => new Dictionary<int, int>()).ToArray();
        for (int left = changes; left > 0;)
        {
            int at = random.Next(sizes.Sum());
            int layer = 0;
            for (; at >= sizes[layer]; layer++)
            {
                at -= sizes[layer];
            }

            left -= layers[layer].TryAdd(at, random.Next(1, 12) * ((random.Next(2) * 2) - 1)) ? 1 : 0;
        }

        var shape = DeltaInterface.Of(abi);
        return new DeltaImage(
            new DeltaHeader(shape.Base!.Value, shape.Abi, 0, 1, 0),
            [],
            [],
            layers.Select((sums, i) => sums.Count == 0 ? null : new DeltaLayer { Sparse = DeltaSparse.Of(sums, abi.Slots[i].Outputs, abi.Slots[i].Depth) }).ToEquatableArray());
    }
}
