using Mcu.Generator.Int8;

namespace Mcu.Generator.Selection;

/// <summary>Bytes of an unsigned delta image that holds biases and sparse differences (docs/DELTA-FORMAT.md).</summary>
internal static class ImageSize
{
    private const int Header = 64;
    private const int SelfTest = 8;
    private const int RecordHeader = 4;

    /// <param name="slots">Layers of the ABI.</param>
    public static int Of(IEnumerable<LayerSelection> layers, int slots, SelectionOptions options) =>
        Header + (SelfTest * options.SelfTests) + Padded(2 * slots) + layers.Sum(l => Record(l, options.Packing));

    private static int Record(LayerSelection layer, int packing)
    {
        int bias = layer.KeepsBias ? BiasBytes(layer.Change, packing) : 0;
        int stream = layer.Weights.Length == 0 ? 0 : SparseStream.Encode(layer.Corrections(), layer.Change.Source.Depth).Length;
        return RecordHeader + bias + Padded(stream);
    }

    /// <summary>A bias in packing 1 has an even number of rows, except in depthwise layers.</summary>
    public static int BiasBytes(LayerChange change, int packing)
    {
        int outputs = change.Source.Outputs;
        return 4 * (packing == 1 && !change.Source.OutputsInnermost ? (outputs + 1) & ~1 : outputs);
    }

    private static int Padded(int bytes) => (bytes + 3) & ~3;
}
