using Mcu.Generator.Adapters;
using Mcu.Generator.Channels;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Deltas;

/// <summary>The network that images are for, as far as it is known.</summary>
/// <param name="Name">The file or folder that it was taken from.</param>
/// <param name="Abi">Null where only the ABI's text is known: biases of the base are missing then.</param>
public sealed record DeltaNetwork(string Name, DeltaInterface Shape, DeltaAbi? Abi)
{
    /// <summary>
    /// An <c>.abi.txt</c> file, a compiled folder that holds one, or a base model, which is quantised with the options; the packing is
    /// the image's. MCU1219 for a folder without an ABI.
    /// </summary>
    /// <param name="path">As the user gave it.</param>
    /// <param name="file">The image that must fit, which decides the packing.</param>
    /// <param name="options">Options of compilation for a base model.</param>
    public static DeltaNetwork Open(string path, DeltaFile file, Func<CompileOptions> options, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        if (Directory.Exists(path))
        {
            string[] found = [.. Directory.EnumerateFiles(path, "*" + DeltaAbiText.Ending).Order(StringComparer.Ordinal)];
            return found.Length == 1
                ? new DeltaNetwork(path, DeltaAbiText.Load(found[0]), null)
                : throw new DiagnosticException("MCU1219", $"The folder holds {found.Length} files that end in {DeltaAbiText.Ending}; one is expected.", path, "Compile with --deltas, or give the base model.");
        }

        if (path.EndsWith(DeltaAbiText.Ending, StringComparison.Ordinal))
        {
            return new DeltaNetwork(path, DeltaAbiText.Load(path), null);
        }

        DeltaAbi abi = BaseAbi(options(), file, notes, progress, cancellation);
        return new DeltaNetwork(path, DeltaInterface.Of(abi), abi);
    }

    /// <summary>Reads an image of this network and checks its limits as far as they are known. MCU1206 to 1209.</summary>
    public DeltaImage Read(DeltaFile file)
    {
        RefuseWhole(file);
        DeltaImage image = DeltaReader.Read(file, Shape);
        Check([image], file.Name);
        return image;
    }

    /// <summary>Checks images that are attached together; MCU1209.</summary>
    public void Check(IReadOnlyList<DeltaImage> images, string name)
    {
        if (Abi is null)
        {
            DeltaChecker.Check(images, Shape, null, name);
        }
        else
        {
            DeltaChecker.Check(images, Abi, name);
        }
    }

    /// <summary>An image for the same base with all channels: MCU1225 names those that it needs and the network lacks; MCU1226 where it needs none.</summary>
    private void RefuseWhole(DeltaFile file)
    {
        if (Abi?.Model.Removal is not { } removal || file.Header.Abi == Shape.Abi || DeltaAdapter.Fitting(removal.Whole, file) is not { } whole)
        {
            return;
        }

        DeltaImage image = DeltaReader.Read(file, DeltaInterface.Of(whole));
        Abi.Reduce(DeltaPacker.Unpack(image, whole, file.Name, ""));
        throw DeltaFile.Error(
            "MCU1226", "it was made for the network with all channels, and this one lacks some", file.Name, "It needs none of them: pack it again with 'mcu delta pack BASE --adapter FILE --dead-channels remove'.");
    }

    private static DeltaAbi BaseAbi(CompileOptions options, DeltaFile file, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        LoadedModel loaded = Pipeline.Load(options, notes) with { Adapters = EquatableArray<BoundAdapter>.Empty };
        Int8Model model = Pipeline.Quantize(loaded, options, notes, progress, cancellation);
        return options.DeadChannels switch
        {
            DeadChannelChoice.Auto => DeltaAdapter.AbiOf(model, file),
            DeadChannelChoice.Keep => DeltaAdapter.AbiWith(model, file),
            _ => DeltaAdapter.AbiWith(DeadChannels.RemoveOfBase(model), file),
        };
    }
}
