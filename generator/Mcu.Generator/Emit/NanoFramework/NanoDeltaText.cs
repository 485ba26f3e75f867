using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>Values that the template prints for a class that takes delta images.</summary>
/// <param name="Images">Most images at once.</param>
/// <param name="Rank">Room for the ranks of a layer's low-rank terms.</param>
/// <param name="Base">Bytes of the base's hash as literals.</param>
/// <param name="Abi">The same of the ABI's.</param>
/// <param name="Layers">Arguments of <c>DeltaLayer</c>, in the order of an image's directory.</param>
internal sealed record NanoDeltaText(int Images, int Rank, string Base, string Abi, IReadOnlyList<string> Layers)
{
    public static readonly string[] RuntimeFiles =
    [
        "runtime/Crc32.cs", "runtime/DeltaBounds.cs", "runtime/DeltaImage.cs", "runtime/DeltaLanes.cs", "runtime/DeltaLayer.cs", "runtime/DeltaReason.cs", "runtime/DeltaRecords.cs",
        "runtime/Deltas.cs", "runtime/Lanes.cs",
    ];

    public static NanoDeltaText Of(CProgram program, IReadOnlyList<NanoStep> linear, NanoOptions options)
    {
        var abi = DeltaAbi.Of(program);
        return new NanoDeltaText(program.Deltas.Images, program.Deltas.Rank, Bytes(abi.Base.Span), Bytes(abi.Hash.Span), [.. abi.Slots.Select(slot => Layer(slot, linear, options))]);
    }

    private static string Layer(DeltaSlot slot, IReadOnlyList<NanoStep> linear, NanoOptions options)
    {
        int place = linear.TakeWhile(s => s.Step.Index != slot.Step).Count();
        bool packs = linear[place].Call.PacksWeights && options.PackWeights;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{place}, DeltaLayer.{slot.Kind}, {slot.Outputs}, {slot.Depth}, {Literal(slot.IsFast)}, {Literal(packs)}, {slot.LargestInput}");
    }

    private static string Literal(bool value) => value ? "true" : "false";

    private static string Bytes(ReadOnlySpan<byte> hash) =>
        string.Join(", ", hash[..DeltaAbi.HashBytes].ToArray().Select(b => b.ToString(CultureInfo.InvariantCulture)));
}
