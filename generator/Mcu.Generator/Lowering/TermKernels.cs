using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>
/// Kernels of layers to whose accumulators an adapter adds: their names stand in the layers' constants, so that firmware holds no
/// more than its adapters use.
/// </summary>
public static class TermKernels
{
    /// <summary>Kernel of a matrix layer with these tables, or null without terms.</summary>
    public static string? NameOf(LinearTables tables, KernelSet kernels) => (tables.Lora, tables.Sparse) switch
    {
        (null, null) => null,
        ({ Next: null }, null) => One(kernels),
        _ => Any(kernels),
    };

    /// <summary>Kernel of one low-rank term alone.</summary>
    public static string One(KernelSet kernels) => "mcu_lora" + Suffix(kernels);

    /// <summary>Kernel of every low-rank and sparse term that delta images may bring.</summary>
    public static string Any(KernelSet kernels) => "mcu_terms" + Suffix(kernels);

    /// <summary>Whether a layer's weights may differ from the base's by an adapter's stream.</summary>
    public static bool MayBeSparse(LoweringContext context) => context.TakesDeltas || context.LinearLayers.Any(IsSparse);

    /// <summary>Files that the layer's variants need beside those of the base.</summary>
    public static IEnumerable<string> Files(LoweringContext context)
    {
        string suffix = context.KernelSuffix;
        bool any = context.TakesDeltas || context.LinearLayers.Any(l => l.Terms.Count() > 1 || IsSparse(l));
        bool one = context.TakesDeltas || context.LinearLayers.Any(l => l.Terms.Count() == 1 && !IsSparse(l));
        return
        [
            .. any || one ? [$"runtime/mcu_lora{suffix}.h"] : Array.Empty<string>(),
            .. one ? [$"runtime/mcu_lora{suffix}.c"] : Array.Empty<string>(),
            .. any ? [$"runtime/mcu_terms{suffix}.c", "runtime/mcu_room.h", "runtime/mcu_sparse.h"] : Array.Empty<string>(),
        ];
    }

    private static bool IsSparse(LinearLayer layer) => layer.Corrections is { Columns.Length: > 0 };

    private static string Suffix(KernelSet kernels) => kernels == KernelSet.Dsp ? "__dsp" : "__c";
}
