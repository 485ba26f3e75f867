namespace Mcu.Generator.Ingest.Peft;

/// <summary>What a tensor of an adapter file is.</summary>
internal enum PeftRole
{
    LoraA,
    LoraB,
    Bias,
    SavedWeight,
    SavedBias,

    /// <summary>The base's value, stored beside its replacement; not used.</summary>
    Ignored,
    Unexpected,
}

/// <summary>A tensor key taken apart.</summary>
/// <param name="AdapterName">The adapter's name where the key holds one, as in a model's state in memory; otherwise null.</param>
internal readonly record struct PeftKey(PeftRole Role, string Module, string? AdapterName = null);

/// <summary>
/// Takes the tensor keys of one adapter file apart. Forms: <c>m.lora_A.weight</c>, <c>m.lora_A.NAME.weight</c>,
/// <c>m.base_layer.bias</c>, <c>m.bias</c>, <c>m.weight</c>, <c>m.original_module.bias</c> and
/// <c>m.modules_to_save[.NAME].bias</c>, all after <c>base_model.model.</c>.
/// </summary>
internal sealed class PeftKeys
{
    private const string Prefix = "base_model.model.";
    private const string LoraA = "lora_A";
    private const string LoraB = "lora_B";
    private const string BaseLayer = "base_layer";
    private const string OriginalModule = "original_module";
    private const string ModulesToSave = "modules_to_save";
    private const string DefaultAdapter = "default";

    private readonly PeftConfig config;
    private readonly HashSet<string> paths;
    private readonly HashSet<string> loraModules;
    private readonly bool prefixed;

    public PeftKeys(PeftConfig config, IReadOnlyCollection<string> keys)
    {
        this.config = config;
        prefixed = keys.Any(k => k.StartsWith(Prefix, StringComparison.Ordinal));
        paths = [.. keys.Select(PathOf).OfType<string>()];
        loraModules = [.. paths.Select(p => LoraPart(p.Split('.'))?.Module).OfType<string>()];
    }

    /// <summary>What the key stands for under this configuration.</summary>
    public PeftKey Parse(string key)
    {
        if (PathOf(key) is not { } path)
        {
            return new PeftKey(PeftRole.Unexpected, key);
        }

        string[] parts = path.Split('.');
        if (LoraPart(parts) is { } lora)
        {
            return lora;
        }

        if (parts.Length < 2 || parts[^1] is not ("weight" or "bias"))
        {
            return new PeftKey(PeftRole.Unexpected, path);
        }

        return Wrapped(parts) ?? Plain(Join(parts[..^1]), parts[^1] == "bias");
    }

    /// <summary>The key without PEFT's prefix; null where other keys have the prefix and this one does not.</summary>
    private string? PathOf(string key) =>
        !prefixed ? key : key.StartsWith(Prefix, StringComparison.Ordinal) ? key[Prefix.Length..] : null;

    /// <summary><c>m.lora_A.weight</c> or <c>m.lora_A.NAME.weight</c>.</summary>
    private static PeftKey? LoraPart(string[] parts)
    {
        for (int at = parts.Length - 2; at >= Math.Max(1, parts.Length - 3); at--)
        {
            if (parts[^1] == "weight" && parts[at] is LoraA or LoraB)
            {
                return new PeftKey(
                    parts[at] == LoraA ? PeftRole.LoraA : PeftRole.LoraB,
                    Join(parts[..at]),
                    at == parts.Length - 3 ? parts[at + 1] : null);
            }
        }

        return null;
    }

    /// <summary>Keys of layers that PEFT wrapped.</summary>
    private PeftKey? Wrapped(string[] parts)
    {
        bool isBias = parts[^1] == "bias";
        if (isBias && parts.Length > 2 && parts[^2] == BaseLayer && loraModules.Contains(Join(parts[..^2])))
        {
            return new PeftKey(config.Bias == PeftBias.None ? PeftRole.Unexpected : PeftRole.Bias, Join(parts[..^2]));
        }

        int at = Array.FindIndex(parts, 1, p => p is OriginalModule or ModulesToSave);
        if (at < 0 || !config.IsSaved(Join(parts[..at])))
        {
            return null;
        }

        return parts[at] == OriginalModule
            ? new PeftKey(PeftRole.Ignored, Join(parts[..at]))
            : new PeftKey(isBias ? PeftRole.SavedBias : PeftRole.SavedWeight, SavedModule(parts, at));
    }

    /// <summary>The plain name of <c>m.modules_to_save[.NAME][.child].bias</c>.</summary>
    private string SavedModule(string[] parts, int at)
    {
        string[] whole = [.. parts[..at], .. parts[(at + 1)..]];
        string[] withoutName = at + 2 < parts.Length ? [.. parts[..at], .. parts[(at + 2)..]] : whole;
        bool named = paths.Contains(Join(withoutName)) || (!paths.Contains(Join(whole)) && parts[at + 1] == DefaultAdapter);
        return Join((named ? withoutName : whole)[..^1]);
    }

    private PeftKey Plain(string module, bool isBias)
    {
        if (config.IsSaved(module))
        {
            return new PeftKey(isBias ? PeftRole.SavedBias : PeftRole.SavedWeight, module);
        }

        // PEFT before 0.6 had no base_layer: the bias of an adapted layer lay beside lora_A.
        bool replaced = isBias && (config.Bias == PeftBias.All || (config.Bias == PeftBias.LoraOnly && loraModules.Contains(module)));
        return new PeftKey(replaced ? PeftRole.Bias : PeftRole.Unexpected, module);
    }

    private static string Join(string[] parts) => string.Join('.', parts);
}
