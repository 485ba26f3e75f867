using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Sorts the tensors of an adapter file into modules; every tensor is used or reported.</summary>
internal sealed class PeftAssembler(PeftConfig config, string location, DiagnosticBag notes)
{
    private readonly SortedDictionary<string, Parts> modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> adapterNames = new(StringComparer.Ordinal);

    public EquatableArray<PeftModule> Assemble(IReadOnlyList<SafetensorsTensor> tensors)
    {
        var keys = new PeftKeys(config, [.. tensors.Select(t => t.Name)]);
        List<string> unexpected = [];
        foreach (SafetensorsTensor tensor in tensors)
        {
            PeftKey key = keys.Parse(tensor.Name);
            if (key.Role == PeftRole.Unexpected)
            {
                unexpected.Add(tensor.Name);
            }
            else if (key.Role != PeftRole.Ignored)
            {
                Store(key, tensor);
            }
        }

        CheckUnexpected(unexpected);
        NoteMissingSavedModules();
        if (modules.Count == 0)
        {
            throw Error("MCU0435", "The adapter holds no tensor that changes the network.");
        }

        return modules.Select(m => Module(m.Key, m.Value)).ToEquatableArray();
    }

    private void Store(PeftKey key, SafetensorsTensor tensor)
    {
        if (!modules.TryGetValue(key.Module, out Parts? parts))
        {
            modules[key.Module] = parts = new Parts();
        }

        if (key.AdapterName is not null && adapterNames.Add(key.AdapterName) && adapterNames.Count > 1)
        {
            throw Error("MCU0436", $"The file holds tensors of several adapters: {Names.List(adapterNames)}.", tensor.Name, "Save each adapter into a folder of its own.");
        }

        AdapterTensor value = Value(tensor);
        ref AdapterTensor? place = ref parts.Place(key.Role);
        if (place is not null && (place != value || key.Role is PeftRole.LoraA or PeftRole.LoraB))
        {
            throw Error("MCU0436", $"The module '{Names.Short(key.Module)}' has this tensor twice under different keys.", tensor.Name);
        }

        place = value;
    }

    private AdapterTensor Value(SafetensorsTensor tensor)
    {
        if (tensor.Data is not FloatData data)
        {
            throw Error("MCU0433", $"The element type is {tensor.Type} instead of F32, F16 or BF16.", tensor.Name);
        }

        return tensor.Shape.Dims.All(d => d > 0)
            ? new AdapterTensor(tensor.Shape, data.Values)
            : throw Error("MCU0434", $"The shape {tensor.Shape} is empty.", tensor.Name);
    }

    private void CheckUnexpected(List<string> unexpected)
    {
        if (unexpected.Count == 0)
        {
            return;
        }

        unexpected.Sort(StringComparer.Ordinal);
        string hint = unexpected.Any(k => k.EndsWith("lora_magnitude_vector", StringComparison.Ordinal))
            ? "The adapter was trained with DoRA, which is not supported."
            : unexpected.Any(k => k.EndsWith(".running_mean", StringComparison.Ordinal))
                ? "Batch normalisation cannot be replaced by an adapter; fold it into the layer before training."
                : "Check 'bias' and 'modules_to_save' in adapter_config.json, and that both files belong together.";
        throw Error("MCU0430", $"{unexpected.Count} tensor(s) have no meaning under this configuration: {Names.List(unexpected)}.", null, hint);
    }

    /// <summary>PEFT itself adds names that a network need not have (classifier, score), so a missing one is no error.</summary>
    private void NoteMissingSavedModules()
    {
        var saved = modules.Where(m => m.Value.SavedWeight is not null).Select(m => m.Key).ToList();
        string[] missing = [.. config.ModulesToSave.Where(entry => !saved.Exists(m => IsUnder(m, entry)))];
        if (missing.Length > 0)
        {
            notes.Warn("MCU0426", $"'modules_to_save' lists {Names.List(missing)}, but the file holds no weight of it.", location);
        }
    }

    private bool IsUnder(string module, string entry) => (config with { ModulesToSave = [entry] }).IsSaved(module);

    private PeftModule Module(string name, Parts parts)
    {
        if (parts.SavedBias is not null && parts.SavedWeight is null)
        {
            throw Error("MCU0437", $"The module '{Names.Short(name)}' is in 'modules_to_save' and has a bias but no weight; the file is incomplete.");
        }

        if (parts.SavedWeight is not null && (parts.LoraA ?? parts.LoraB) is not null)
        {
            throw Error("MCU0436", $"The module '{Names.Short(name)}' has both a replaced weight and a LoRA change.");
        }

        CheckBias(name, parts.Bias ?? parts.SavedBias);
        return new PeftModule(name, Lora(name, parts), parts.Bias, parts.SavedWeight, parts.SavedBias, config.FanInFanOut);
    }

    private void CheckBias(string name, AdapterTensor? bias)
    {
        if (bias is not null && bias.Shape.Rank != 1)
        {
            throw Error("MCU0434", $"The bias of '{Names.Short(name)}' has shape {bias.Shape} instead of one dimension.");
        }
    }

    private LoraFactors? Lora(string name, Parts parts)
    {
        if (parts.LoraA is null && parts.LoraB is null)
        {
            return null;
        }

        if (parts.LoraA is not { } a || parts.LoraB is not { } b)
        {
            (string present, string absent) = parts.LoraA is null ? ("lora_B", "lora_A") : ("lora_A", "lora_B");
            throw Error("MCU0431", $"The module '{Names.Short(name)}' has {present} but no {absent}; the file is incomplete.");
        }

        CheckFactors(name, a.Shape, b.Shape, config.RankOf(name));
        double scale = config.ScaleOf(name);
        return double.IsFinite(scale)
            ? new LoraFactors(a, b, config.RankOf(name), scale)
            : throw Error("MCU0422", $"The scale of '{Names.Short(name)}' is not finite.");
    }

    private void CheckFactors(string name, Shape a, Shape b, int rank)
    {
        bool linear = a.Rank == 2 && b.Rank == 2;
        bool convolution = a.Rank == 4 && b.Rank == 4 && b[2] == 1 && b[3] == 1;
        if (!linear && !convolution)
        {
            throw Error("MCU0434", $"lora_A {a} and lora_B {b} of '{Names.Short(name)}' are not [r,in] and [out,r], nor [r,in,kh,kw] and [out,r/groups,1,1].");
        }

        if (a[0] != rank)
        {
            throw Error("MCU0432", $"lora_A of '{Names.Short(name)}' has rank {a[0]}, but adapter_config.json gives {rank} for this module.", null, "Check 'r' and 'rank_pattern', and that both files belong together.");
        }

        // A convolution with groups has r/groups columns in B.
        if (linear ? b[1] != rank : rank % b[1] != 0)
        {
            throw Error("MCU0432", $"lora_B {b} of '{Names.Short(name)}' does not have {rank} columns for lora_A {a}.");
        }
    }

    private DiagnosticException Error(string code, string message, string? tensor = null, string hint = "") =>
        new(code, message, tensor is null ? location : $"{location}: tensor '{Names.Short(tensor)}'", hint);

    /// <summary>The tensors of one module while the file is read.</summary>
    private sealed class Parts
    {
        public AdapterTensor? LoraA;
        public AdapterTensor? LoraB;
        public AdapterTensor? Bias;
        public AdapterTensor? SavedWeight;
        public AdapterTensor? SavedBias;

        public ref AdapterTensor? Place(PeftRole role)
        {
            switch (role)
            {
                case PeftRole.LoraA:
                    return ref LoraA;
                case PeftRole.LoraB:
                    return ref LoraB;
                case PeftRole.Bias:
                    return ref Bias;
                case PeftRole.SavedWeight:
                    return ref SavedWeight;
                default:
                    return ref SavedBias;
            }
        }
    }
}
