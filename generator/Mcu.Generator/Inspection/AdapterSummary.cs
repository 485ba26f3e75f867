using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;

namespace Mcu.Generator.Inspection;

/// <summary>What an adapter changes in one module.</summary>
/// <param name="Rank">Of its low-rank change; null when it has none.</param>
/// <param name="Scale">α/r or α/√r; null without a low-rank change.</param>
/// <param name="A">Shape of A as stored, or of the first tensor of a part that adds nodes; null without either.</param>
/// <param name="B">The same of B, or of the second tensor.</param>
/// <param name="Bias">Whether it replaces the bias.</param>
/// <param name="SavedWeight">Whether it replaces the whole weight.</param>
/// <param name="Parameters">Numbers stored for the module.</param>
public sealed record ModuleSummary(
    string Module, int? Rank, double? Scale, IReadOnlyList<int>? A, IReadOnlyList<int>? B, bool Bias, bool SavedWeight, long Parameters)
{
    public static ModuleSummary Of(PeftModule module) => new(
        module.Module,
        module.Lora?.Rank,
        module.Lora?.Scale,
        Dims(module.Lora?.A),
        Dims(module.Lora?.B),
        module.NewBias is not null,
        module.SavedWeight is not null,
        module.Parameters);

    /// <summary>A part that adds nodes: a bottleneck's halves, keys and values, or tokens.</summary>
    public static ModuleSummary Of(StructuralPart part)
    {
        AdapterTensor[] tensors = [.. part.Tensors];
        var bottleneck = part as BottleneckPart;
        AdapterTensor? second = bottleneck?.Up ?? (tensors.Length > 1 ? tensors[1] : null);
        return new(part.Name, bottleneck?.Rank, bottleneck?.Scale, Dims(tensors[0]), Dims(second), false, false, tensors.Sum(t => (long)t.Values.Length));
    }

    private static int[]? Dims(AdapterTensor? tensor) => tensor is null ? null : [.. tensor.Shape.Dims];
}

/// <summary>An adapter folder in words.</summary>
public sealed record AdapterSummary(string Name, string Sha256, long Parameters, IReadOnlyList<ModuleSummary> Modules)
{
    public static AdapterSummary Of(PeftAdapter adapter)
    {
        ModuleSummary[] modules = [.. adapter.Modules.Select(ModuleSummary.Of), .. adapter.Structure.Select(ModuleSummary.Of)];
        return new AdapterSummary(adapter.Name, adapter.Sha256, modules.Sum(module => module.Parameters), modules);
    }
}
