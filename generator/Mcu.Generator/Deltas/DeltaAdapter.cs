using System.Security.Cryptography;
using Mcu.Generator.Adapters;
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
    /// The model with the image as one more adapter, whichever packing the image has. MCU1206 to 1209.
    /// </summary>
    public static Int8Model Add(Int8Model model, DeltaFile file, BoundAdapter adapter)
    {
        DeltaAbi abi = AbiOf(model, file);
        DeltaImage image = DeltaReader.Read(file, DeltaInterface.Of(abi));
        DeltaChecker.Check([image], abi, file.Name);
        return model with { Adapters = model.Adapters.Append(DeltaPacker.Unpack(image, abi, adapter.Name, adapter.Sha256)).ToEquatableArray() };
    }

    /// <summary>The ABI of the kernel set that the image was packed for; of the portable one where it is for neither.</summary>
    public static DeltaAbi AbiOf(Int8Model model, DeltaFile file)
    {
        Int8Model bare = model with { Adapters = EquatableArray<Int8Adapter>.Empty };
        DeltaAbi dsp = DeltaAbi.Of(bare, KernelSet.Dsp);
        return DeltaHash.Read(dsp.Hash.Span) == file.Header.Abi ? dsp : DeltaAbi.Of(bare, KernelSet.Portable);
    }
}
