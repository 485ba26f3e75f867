using System.Collections.Immutable;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Deltas;

/// <summary>Numbers that the maker of a delta image chooses.</summary>
/// <param name="Id">Number of the product's own choosing.</param>
/// <param name="Version">Of the delta.</param>
/// <param name="SecurityCounter">Devices refuse an image below the largest counter that they have confirmed.</param>
/// <param name="SelfTests">How many self-tests to write, 0 to 255.</param>
public sealed record DeltaNumbers(uint Id = 0, uint Version = 1, uint SecurityCounter = 0, int SelfTests = 1);

/// <summary>Makes a delta image of an int8 adapter, and an int8 adapter of a delta image.</summary>
public static class DeltaPacker
{
    /// <summary>
    /// The image of an adapter. MCU1209 where an accumulator could overflow, MCU1211 where the format has no room for the change,
    /// or nothing of it is left in int8.
    /// </summary>
    /// <param name="adapters">
    /// Forms of one adapter, quantised against <see cref="DeltaAbi.Model"/>; each layer takes the form with the fewest bytes, the first
    /// of equal ones.
    /// </param>
    public static DeltaImage Pack(IReadOnlyList<Int8Adapter> adapters, DeltaAbi abi, DeltaNumbers numbers)
    {
        var shape = DeltaInterface.Of(abi);
        DeltaLayer?[] layers = [.. abi.Slots.Select(slot => Smallest(adapters, slot, shape))];
        string name = adapters[0].Name;
        if (layers.All(l => l is null))
        {
            throw new DiagnosticException("MCU1211", "The adapter cannot be a delta image: nothing of it is left in int8, every change rounds away.", name, "Train with a larger change.");
        }

        var header = new DeltaHeader(shape.Base!.Value, shape.Abi, numbers.Id, numbers.Version, numbers.SecurityCounter);
        var image = new DeltaImage(header, EquatableArray<DeltaHash>.Empty, EquatableArray<DeltaSelfTest>.Empty, EquatableArray.Wrap(layers));
        DeltaChecker.Check([image], abi, name);
        return WithSelfTests(image, abi, numbers.SelfTests);
    }

    /// <summary>
    /// The forms of an adapter among which <see cref="Pack"/> chooses: with <see cref="AdapterModeChoice.Auto"/> the one that compiled-in
    /// adapters would have and the merged one, since a difference takes less room in an image.
    /// </summary>
    /// <param name="floatGraph">Canonical float graph of the same base, or null when the base was int8.</param>
    /// <exception cref="DiagnosticException">MCU1225 where a form needs channels that the compiled network lacks.</exception>
    public static IReadOnlyList<Int8Adapter> Forms(DeltaAbi abi, Graph? floatGraph, BoundAdapter adapter, AdapterModeChoice choice)
    {
        AdapterModeChoice[] modes = choice == AdapterModeChoice.Auto ? [AdapterModeChoice.Auto, AdapterModeChoice.Merge] : [choice];
        return [.. modes.Select(mode => abi.Reduce(Int8AdapterBuilder.Add(abi.Whole, floatGraph, adapter, mode).Adapters[^1]))];
    }

    /// <summary>The image with self-tests of base and image, by the int8 reference.</summary>
    public static DeltaImage WithSelfTests(DeltaImage image, DeltaAbi abi, int count) =>
        image with { SelfTests = DeltaSelfTests.Make(WithImage(image, abi), 1, count) };

    /// <summary>The base as compiled, with the image as its one adapter.</summary>
    public static Int8Model WithImage(DeltaImage image, DeltaAbi abi) =>
        abi.Model with { Adapters = [Unpack(image, abi, "delta", "")] };

    /// <summary>The image as an adapter of the base, for the int8 reference and for compiled-in adapters.</summary>
    /// <param name="name">Name of the adapter.</param>
    /// <param name="sha256">Hash of the image's file, lower-case hexadecimal.</param>
    public static Int8Adapter Unpack(DeltaImage image, DeltaAbi abi, string name, string sha256) => new(
        name,
        sha256,
        ImmutableDictionary.CreateRange(
            StringComparer.Ordinal,
            abi.Slots.Where(s => image.Layers[s.Index] is not null).Select(s => KeyValuePair.Create(s.Node.Name, Variant(s, image.Layers[s.Index]!)))))
    {
        Methods = [AdapterMethods.Delta],
    };

    private static LayerVariant Variant(DeltaSlot slot, DeltaLayer delta) => new(DeltaLayers.ModeOf(slot, delta), DeltaLayers.Apply(slot, delta));

    private static DeltaLayer? Smallest(IReadOnlyList<Int8Adapter> adapters, DeltaSlot slot, DeltaInterface shape) => adapters
        .Select(a => a.Variants.TryGetValue(slot.Node.Name, out LayerVariant? variant) ? DeltaLayers.Of(slot, variant.Layer) : null)
        .MinBy(layer => layer is null ? 0 : Bytes(layer, shape, slot.Index));

    /// <summary>A form that the format has no room for is no candidate while there is another.</summary>
    private static int Bytes(DeltaLayer layer, DeltaInterface shape, int index)
    {
        try
        {
            return DeltaWriter.RecordBytes(layer, shape, index);
        }
        catch (DiagnosticException)
        {
            return int.MaxValue;
        }
    }
}
