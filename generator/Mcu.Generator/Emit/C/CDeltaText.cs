using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.C;

/// <summary>Values that the templates print for firmware that takes delta images.</summary>
/// <param name="Images">Most images at once.</param>
/// <param name="Rank">Rows of low-rank terms that the arena has room for.</param>
/// <param name="CacheBytes">Usual size of the cache of merged layers; 0 for none.</param>
/// <param name="Packing">As in the delta format.</param>
/// <param name="Base">Bytes of the base's hash as C literals.</param>
/// <param name="Abi">The same of the ABI's.</param>
/// <param name="Kernel">Kernel of matrix layers with terms.</param>
/// <param name="Lora">The same with one low-rank term alone.</param>
/// <param name="Layers">Initialisers of <c>mcu_delta_layer</c>.</param>
public sealed record CDelta(int Images, int Rank, int CacheBytes, int Packing, string Base, string Abi, string Kernel, string Lora, IReadOnlyList<string> Layers);

/// <summary>C text of a program's delta interface.</summary>
internal static class CDeltaText
{
    /// <summary>The one runtime file that is written for the network: how much may change a layer at once.</summary>
    public const string RoomFile = "runtime/mcu_room.h";

    public static readonly string[] RuntimeFiles =
    [
        "runtime/mcu_cose.c", "runtime/mcu_cose.h", "runtime/mcu_crc32.c", "runtime/mcu_crc32.h", "runtime/mcu_delta.c", "runtime/mcu_delta.h",
        "runtime/mcu_delta_check.c", "runtime/mcu_delta_image.h", "runtime/mcu_delta_view.c",
        "runtime/mcu_flash.h", RoomFile, "runtime/mcu_slots.c", "runtime/mcu_slots.h", "runtime/mcu_sparse.h",
    ];

    public static readonly string[] CacheFiles = ["runtime/mcu_delta_cache.c", "runtime/mcu_delta_cache.h"];

    public static CDelta Of(CProgram program, string prefix)
    {
        var abi = DeltaAbi.Of(program);
        return new CDelta(
            program.Deltas.Images, program.Deltas.Rank, program.Deltas.CacheBytes, abi.Packing, Bytes(abi.Base.Span), Bytes(abi.Hash.Span), TermKernels.Any(program.Kernels), TermKernels.One(program.Kernels), [.. abi.Slots.Select(slot => Layer(program, slot, prefix))]);
    }

    /// <summary>Text of <see cref="RoomFile"/>; compiled-in adapters bring one stream of differences at most.</summary>
    public static string Room(string text, DeltaSupport deltas)
    {
        string most = string.Create(CultureInfo.InvariantCulture, $"#define MCU_TERMS {DeltaSupport.MostImages} ");
        return text.Contains(most, StringComparison.Ordinal)
            ? text.Replace(most, string.Create(CultureInfo.InvariantCulture, $"#define MCU_TERMS {Math.Max(deltas.Images, 1)} "), StringComparison.Ordinal)
            : throw new InvalidOperationException($"{RoomFile} does not define MCU_TERMS as {DeltaSupport.MostImages}.");
    }

    /// <summary>Index of a layer in the directory of an image.</summary>
    public static int SlotOf(CProgram program, CStep step) => program.Steps.Take(step.Index).Count(s => s.Layer.Shape is not null);

    private static string Layer(CProgram program, DeltaSlot slot, string prefix)
    {
        string stem = string.Create(CultureInfo.InvariantCulture, $"{prefix}_l{slot.Step}");
        int rows = slot.Kind == LinearKind.Matrix ? LinearLowering.PaddedDepth(program.Deltas.Rank, program.Kernels == KernelSet.Dsp) : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{&{stem}.linear, &{stem}_base, {rows}, MCU_DELTA_{slot.Kind.ToString().ToUpperInvariant()}}}");
    }

    private static string Bytes(ReadOnlySpan<byte> hash) =>
        string.Join(", ", hash[..DeltaAbi.HashBytes].ToArray().Select(b => "0x" + b.ToString("x2", CultureInfo.InvariantCulture)));
}
