using System.Security.Cryptography;
using Mcu.Generator.Adapters;
using Mcu.Generator.Channels;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Deltas;

/// <summary>A delta image given where an adapter is expected.</summary>
public static class DeltaAdapter
{
    /// <summary>Reads the file; MCU0101 to 0106, MCU1201 to 1205, MCU1210.</summary>
    public static BoundAdapter Load(string path)
    {
        byte[] bytes = InputFile.ReadAll(path, DeltaFormat.MaxFileBytes);
        DeltaFile file = DeltaFile.Parse(bytes, Path.GetFileName(path));
        return new BoundAdapter(Path.GetFileNameWithoutExtension(path), Convert.ToHexStringLower(SHA256.HashData(bytes)), EquatableArray<BoundPatch>.Empty) { Delta = file };
    }

    /// <summary>
    /// The model with the image as one more adapter, whichever packing and channels the image has. MCU1206 to 1209, MCU1225 and 1226.
    /// </summary>
    public static Int8Model Add(Int8Model model, DeltaFile file, BoundAdapter adapter)
    {
        DeltaAbi abi = AbiOf(model, file);
        DeltaImage image = DeltaReader.Read(file, DeltaInterface.Of(abi));
        DeltaChecker.Check([image], abi, file.Name);
        Int8Adapter unpacked = DeltaPacker.Unpack(image, abi, adapter.Name, adapter.Sha256);
        Int8Adapter fitting = (model.Removal, abi.Model.Removal) switch
        {
            ({ } removal, null) => removal.Reduce(unpacked, "MCU1225"),
            (null, { } removal) => removal.Expand(unpacked),
            _ => unpacked,
        };
        return model with { Adapters = model.Adapters.Append(fitting).ToEquatableArray() };
    }

    /// <summary>
    /// The ABI that the image was packed for, among kernel sets and with or without dead channels; of the portable kernels and the model's
    /// channels where it is for none.
    /// </summary>
    public static DeltaAbi AbiOf(Int8Model model, DeltaFile file)
    {
        Int8Model bare = model with { Adapters = EquatableArray<Int8Adapter>.Empty };
        return Fitting(bare, file)
            ?? Fitting(bare.Removal?.Whole ?? DeadChannels.RemoveOfBase(bare), file)
            ?? DeltaAbi.Of(bare, KernelSet.Portable);
    }

    /// <summary>The ABI of the model with the packing that the image was made for, or with that of the portable kernels.</summary>
    public static DeltaAbi AbiWith(Int8Model model, DeltaFile file) => Fitting(model, file) ?? DeltaAbi.Of(model, KernelSet.Portable);

    /// <summary>The ABI of the model that the image was packed for; null where it was for another network.</summary>
    internal static DeltaAbi? Fitting(Int8Model model, DeltaFile file) => new[] { KernelSet.Dsp, KernelSet.Portable }
        .Select(kernels => DeltaAbi.Of(model, kernels))
        .FirstOrDefault(abi => DeltaHash.Read(abi.Hash.Span) == file.Header.Abi);
}
