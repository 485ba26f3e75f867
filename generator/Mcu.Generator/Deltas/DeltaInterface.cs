using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Deltas;

/// <summary>What must be known of a compiled network to read or write the records of an image: shapes and packing.</summary>
/// <param name="Abi">Hash of the ABI's text.</param>
/// <param name="Base">Hash of the base model's file; null where only the text of the ABI is known.</param>
/// <param name="Packing">0 rows, 1 pairs of rows for the DSP kernels.</param>
/// <param name="Layers">In the order of the directory.</param>
public sealed record DeltaInterface(DeltaHash Abi, DeltaHash? Base, int Packing, EquatableArray<DeltaLayerShape> Layers)
{
    public static DeltaInterface Of(DeltaAbi abi) => new(
        DeltaHash.Read(abi.Hash.Span),
        DeltaHash.Read(abi.Base.Span),
        abi.Packing,
        abi.Slots.Select(s => new DeltaLayerShape(
            s.Node.Name, s.Kind, s.Outputs, s.Depth, s.IsFast, s.InputZeroPoint, s.LargestInput) { Channels = s.Channels }).ToEquatableArray());

    /// <summary>Whether no channels were removed from the network.</summary>
    public bool IsWhole => Layers.All(l => l.Channels == DeltaLayerShape.AllChannels);

    /// <summary>
    /// MCU1207 where the image was made for another base, MCU1208 where for another compilation of it or another kind of core.
    /// </summary>
    public void Require(DeltaFile file)
    {
        if (Base is { } known && known != file.Header.Base)
        {
            throw DeltaFile.Error("MCU1207", $"it was made for the base {file.Header.Base}, this is {known}", file.Name, "Pack the adapter again for this base.");
        }

        if (Abi != file.Header.Abi || Layers.Length != file.Records.Length)
        {
            throw DeltaFile.Error(
                "MCU1208",
                $"it was made for the ABI {file.Header.Abi}, this is {Abi}",
                file.Name,
                "Compile with the options that it was packed with (target, optimisation, calibration, dead channels), or pack it again.");
        }
    }
}

/// <summary>One layer that a delta may change.</summary>
/// <param name="Name">Name of its node.</param>
/// <param name="Kind">Matrix layers alone are packed and can have low-rank terms.</param>
/// <param name="Outputs">Output channels.</param>
/// <param name="Depth">Weights of one output.</param>
/// <param name="IsFast">Whether its accumulators and requantisation keep to the narrower limits.</param>
/// <param name="LargestInput">The largest that weights and input give in the base: see <see cref="DeltaSlot"/>.</param>
public sealed record DeltaLayerShape(string Name, LinearKind Kind, int Outputs, int Depth, bool IsFast, int InputZeroPoint, long LargestInput)
{
    public const string AllChannels = "all";

    /// <summary>Output channels of the source that are there: <see cref="AllChannels"/>, or ranges such as <c>0-3,7</c>.</summary>
    public string Channels { get; init; } = AllChannels;

    /// <summary>Multipliers and shifts: one per output, of a layer normalisation one.</summary>
    public int Requantizations => Kind == LinearKind.Norm ? 1 : Outputs;

    /// <summary>Rows as stored.</summary>
    public int PaddedRows(int rows, int packing) => LinearLowering.PaddedRows(rows, IsPaired(packing));

    public int PaddedDepth(int depth, int packing) => LinearLowering.PaddedDepth(depth, IsPaired(packing));

    /// <summary>Whether matrices are stored in pairs of rows.</summary>
    public bool IsPaired(int packing) => packing == 1 && Kind == LinearKind.Matrix;
}
