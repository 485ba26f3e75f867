using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Selection;

/// <summary>Bytes of an unsigned delta image that holds biases and sparse differences (docs/DELTA-FORMAT.md).</summary>
internal static class ImageSize
{
    /// <param name="slots">Layers of the ABI.</param>
    public static int Of(IEnumerable<LayerSelection> layers, int slots, SelectionOptions options) =>
        DeltaFormat.HeaderBytes + (DeltaFormat.SelfTestBytes * options.SelfTests) + DeltaFormat.Align(2 * slots) + layers.Sum(l => Record(l, options.Packing));

    private static int Record(LayerSelection layer, int packing)
    {
        int bias = layer.KeepsBias ? BiasBytes(layer.Change, packing) : 0;
        int stream = layer.Weights.Length == 0 ? 0 : SparseStream.Encode(layer.Corrections(), layer.Change.Source.Depth).Length;
        return DeltaFormat.RecordHeaderBytes + bias + DeltaFormat.Align(stream);
    }

    /// <summary>A bias in packing 1 has an even number of rows, except in depthwise layers.</summary>
    public static int BiasBytes(LayerChange change, int packing)
    {
        int outputs = change.Source.Outputs;
        return 4 * (packing == 1 && !change.Source.OutputsInnermost ? (outputs + 1) & ~1 : outputs);
    }
}
