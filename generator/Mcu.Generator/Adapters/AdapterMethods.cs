using Mcu.Generator.Graphs;

namespace Mcu.Generator.Adapters;

/// <summary>What reports call the methods of an adapter.</summary>
public static class AdapterMethods
{
    /// <summary>Of a delta image, which holds tables and no methods.</summary>
    public const string Delta = "delta";

    /// <summary>Every method once, in alphabetical order.</summary>
    public static EquatableArray<string> Of(BoundAdapter adapter) => adapter.Delta is not null ? [Delta]
        : adapter.Structure is not null ? adapter.StructuralMethods
        : adapter.Patches.GroupBy(p => p.NodeName, StringComparer.Ordinal).SelectMany(Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToEquatableArray();

    /// <summary>Biases that come with another change of the layer are part of that.</summary>
    private static IEnumerable<string> Of(IEnumerable<BoundPatch> patches)
    {
        BoundPatch[] layer = [.. patches];
        bool isDora = layer.Any(p => p is MagnitudePatch);
        string[] methods = [.. layer.Select(p => MethodOf(p, isDora)).OfType<string>()];
        return methods.Length > 0 ? methods : ["bitfit"];
    }

    private static string? MethodOf(BoundPatch patch, bool isDora) => patch switch
    {
        LoraPatch or DifferencePatch { NoSidePath.Length: > 0 } => isDora ? "dora" : "lora",
        MagnitudePatch => "dora",
        DifferencePatch => "sparse",
        WeightPatch weights => weights.IsTuned ? "tuned-weights" : "replacement",
        RowScalePatch scale => scale.IsNormalization ? "batch-norm" : "ia3",
        ColumnScalePatch => "ia3",
        NormPatch => "layer-norm",
        _ => null,
    };
}
