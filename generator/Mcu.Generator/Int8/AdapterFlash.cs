using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>Flash that a variant adds to the base, in bytes; the emitted report counts the arrays themselves.</summary>
public static class AdapterFlash
{
    /// <summary>Per output: bias, multiplier, shift.</summary>
    private const int TableBytes = 4 + 4 + 1;

    /// <summary>
    /// A whole copy, with the padding of the DSP kernels' packing; the side path is counted without, so that a copy which is
    /// chosen for its size is the smaller one with either.
    /// </summary>
    public static int Copy(LinearLayer layer)
    {
        int rows = (layer.OutputChannels + 1) & ~1;
        int depth = ((layer.Weights.Length / layer.OutputChannels) + 3) & ~3;
        return (rows * depth) + (4 * (rows - layer.OutputChannels)) + (TableBytes * layer.OutputChannels);
    }

    public static int Bias(LinearLayer layer) => 4 * layer.OutputChannels;

    /// <summary>Multipliers and shifts.</summary>
    public static int Requant(LinearLayer layer) => (TableBytes - 4) * layer.OutputChannels;

    /// <summary>A with its tables per rank, B, one shift per output; a changed bias is counted apart.</summary>
    public static int Side(SidePath side) => side.A.Length + (TableBytes * side.Rank) + side.B.Length + side.OutputShifts.Length;

    /// <summary>Two bytes a change, more for long ways and large differences; a changed bias is counted apart.</summary>
    public static int Sparse(LinearLayer layer) =>
        SparseStream.Encode(layer.Corrections!, layer.Weights.Length / layer.OutputChannels).Length;
}
