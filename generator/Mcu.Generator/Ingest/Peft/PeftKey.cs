namespace Mcu.Generator.Ingest.Peft;

/// <summary>What a tensor of an adapter file is.</summary>
internal enum PeftRole
{
    LoraA,
    LoraB,
    LoraBias,
    Magnitude,
    Scale,
    SparseValues,
    SparseIndices,
    Bias,
    SavedWeight,
    SavedBias,
    RunningMean,
    RunningVariance,

    /// <summary>The base's value, stored beside its replacement, or a counter of training steps; not used.</summary>
    Ignored,
    Unexpected,
}

/// <summary>A tensor key taken apart.</summary>
/// <param name="AdapterName">The adapter's name where the key holds one, as in a model's state in memory; otherwise null.</param>
internal readonly record struct PeftKey(PeftRole Role, string Module, string? AdapterName = null);

/// <summary>
/// Takes the tensor keys of one adapter file apart. Forms: what <see cref="PeftMethodKeys"/> reads, <c>m.base_layer.bias</c>,
/// <c>m.bias</c>, <c>m.weight</c>, <c>m.running_mean</c>, <c>m.running_var</c>, <c>m.num_batches_tracked</c>,
/// <c>m.original_module.bias</c> and <c>m.modules_to_save[.NAME].bias</c>, all after <c>base_model.model.</c>.
/// </summary>
internal sealed class PeftKeys
{
    private const string Prefix = "base_model.model.";
    private const string BaseLayer = "base_layer";
    private const string OriginalModule = "original_module";
    private const string ModulesToSave = "modules_to_save";
    private const string DefaultAdapter = "default";

    private readonly PeftConfig config;
    private readonly HashSet<string> paths;
    private readonly HashSet<string> adaptedModules;
    private readonly HashSet<string> normalizations;
    private readonly bool prefixed;

    public PeftKeys(PeftConfig config, IReadOnlyCollection<string> keys)
    {
        this.config = config;
        prefixed = keys.Any(k => k.StartsWith(Prefix, StringComparison.Ordinal));
        paths = [.. keys.Select(PathOf).OfType<string>()];
        adaptedModules = [.. paths.Select(p => PeftMethodKeys.Parse(config, p.Split('.'))?.Module).OfType<string>()];
        normalizations = [.. paths.Where(p => p.EndsWith(".running_mean", StringComparison.Ordinal) || p.EndsWith(".running_var", StringComparison.Ordinal)).Select(p => p[..p.LastIndexOf('.')])];
    }

    /// <summary>What the key stands for under this configuration.</summary>
    public PeftKey Parse(string key)
    {
        if (PathOf(key) is not { } path)
        {
            return new PeftKey(PeftRole.Unexpected, key);
        }

        string[] parts = path.Split('.');
        if (PeftMethodKeys.Parse(config, parts) is { } method)
        {
            return method;
        }

        return parts.Length < 2 || RoleOf(parts[^1]) is not { } role
            ? new PeftKey(PeftRole.Unexpected, path)
            : Wrapped(parts, role) ?? Plain(Join(parts[..^1]), role);
    }

    /// <summary>The key without PEFT's prefix; null where other keys have the prefix and this one does not.</summary>
    private string? PathOf(string key) =>
        !prefixed ? key : key.StartsWith(Prefix, StringComparison.Ordinal) ? key[Prefix.Length..] : null;

    /// <summary>What a parameter or buffer of a saved module is.</summary>
    private static PeftRole? RoleOf(string parameter) => parameter switch
    {
        "weight" => PeftRole.SavedWeight,
        "bias" => PeftRole.SavedBias,
        "running_mean" => PeftRole.RunningMean,
        "running_var" => PeftRole.RunningVariance,
        "num_batches_tracked" => PeftRole.Ignored,
        _ => null,
    };

    /// <summary>Keys of layers that PEFT wrapped.</summary>
    private PeftKey? Wrapped(string[] parts, PeftRole role)
    {
        if (role == PeftRole.SavedBias && parts.Length > 2 && parts[^2] == BaseLayer && adaptedModules.Contains(Join(parts[..^2])))
        {
            return new PeftKey(config.Bias == PeftBias.None ? PeftRole.Unexpected : PeftRole.Bias, Join(parts[..^2]));
        }

        int at = Array.FindIndex(parts, 1, p => p is OriginalModule or ModulesToSave);
        if (at < 0 || !config.IsSaved(Join(parts[..at])))
        {
            return null;
        }

        return parts[at] == OriginalModule ? new PeftKey(PeftRole.Ignored, Join(parts[..at])) : new PeftKey(role, SavedModule(parts, at));
    }

    /// <summary>The plain name of <c>m.modules_to_save[.NAME][.child].bias</c>.</summary>
    private string SavedModule(string[] parts, int at)
    {
        string[] whole = [.. parts[..at], .. parts[(at + 1)..]];
        string[] withoutName = at + 2 < parts.Length ? [.. parts[..at], .. parts[(at + 2)..]] : whole;
        bool named = paths.Contains(Join(withoutName)) || (!paths.Contains(Join(whole)) && parts[at + 1] == DefaultAdapter);
        return Join((named ? withoutName : whole)[..^1]);
    }

    private PeftKey Plain(string module, PeftRole role)
    {
        // Running statistics say themselves that the module is a batch normalisation, whose whole state is then meant.
        if (config.IsSaved(module) || normalizations.Contains(module))
        {
            return new PeftKey(role, module);
        }

        // PEFT before 0.6 had no base_layer: the bias of an adapted layer lay beside lora_A.
        bool replaced = role == PeftRole.SavedBias && (config.Bias == PeftBias.All || (config.Bias == PeftBias.LoraOnly && adaptedModules.Contains(module)));
        return new PeftKey(replaced ? PeftRole.Bias : PeftRole.Unexpected, module);
    }

    private static string Join(string[] parts) => string.Join('.', parts);
}
