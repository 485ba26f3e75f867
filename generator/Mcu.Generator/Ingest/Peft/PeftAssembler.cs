using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Sorts the tensors of an adapter file into modules; every tensor is used or reported.</summary>
internal sealed class PeftAssembler(PeftConfig config, string location, DiagnosticBag notes)
{
    private readonly SortedDictionary<string, Dictionary<PeftRole, SafetensorsTensor>> modules = new(StringComparer.Ordinal);
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

        return modules.Select(m => new PeftModuleBuilder(config, location, m.Key, m.Value).Build()).ToEquatableArray();
    }

    private void Store(PeftKey key, SafetensorsTensor tensor)
    {
        if (!modules.TryGetValue(key.Module, out Dictionary<PeftRole, SafetensorsTensor>? parts))
        {
            modules[key.Module] = parts = [];
        }

        if (key.AdapterName is not null && adapterNames.Add(key.AdapterName) && adapterNames.Count > 1)
        {
            throw Error("MCU0436", $"The file holds tensors of several adapters: {Names.List(adapterNames)}.", tensor.Name, "Save each adapter into a folder of its own.");
        }

        CheckType(key.Role, tensor);
        if (parts.TryGetValue(key.Role, out SafetensorsTensor? other) && (!MayRepeat(key.Role) || other.Shape != tensor.Shape || other.Data != tensor.Data))
        {
            throw Error("MCU0436", $"The module '{Names.Short(key.Module)}' has this tensor twice under different keys.", tensor.Name);
        }

        parts[key.Role] = tensor;
    }

    /// <summary>PEFT stores replaced parameters under two keys where it both saves a module and its biases.</summary>
    private static bool MayRepeat(PeftRole role) => role is PeftRole.Bias or PeftRole.SavedBias or PeftRole.SavedWeight;

    private void CheckType(PeftRole role, SafetensorsTensor tensor)
    {
        if (tensor.Data is not FloatData && role != PeftRole.SparseIndices)
        {
            string hint = tensor.Type == SafetensorsType.I8 ? "An int8 tensor of a PEFT file has no scale; save the tensors as float32, float16 or bfloat16." : "";
            throw Error("MCU0433", $"The element type is {tensor.Type} instead of F32, F16 or BF16.", tensor.Name, hint);
        }

        if (tensor.Shape.Dims.Any(d => d == 0))
        {
            throw Error("MCU0434", $"The shape {tensor.Shape} is empty.", tensor.Name);
        }
    }

    private void CheckUnexpected(List<string> unexpected)
    {
        if (unexpected.Count == 0)
        {
            return;
        }

        unexpected.Sort(StringComparer.Ordinal);
        string hint = unexpected.Any(k => k.Contains("lora_magnitude_vector", StringComparison.Ordinal))
            ? "The adapter was trained with DoRA, but 'use_dora' is not set in adapter_config.json."
            : "Check 'bias' and 'modules_to_save' in adapter_config.json, and that both files belong together.";
        throw Error("MCU0430", $"{unexpected.Count} tensor(s) have no meaning under this configuration: {Names.List(unexpected)}.", null, hint);
    }

    /// <summary>PEFT itself adds names that a network need not have (classifier, score), so a missing one is no error.</summary>
    private void NoteMissingSavedModules()
    {
        var saved = modules.Where(m => m.Value.ContainsKey(PeftRole.SavedWeight)).Select(m => m.Key).ToList();
        string[] missing = [.. config.ModulesToSave.Where(entry => !saved.Exists(m => IsUnder(m, entry)))];
        if (missing.Length > 0)
        {
            notes.Warn("MCU0426", $"'modules_to_save' lists {Names.List(missing)}, but the file holds no weight of it.", location);
        }
    }

    private bool IsUnder(string module, string entry) => (config with { ModulesToSave = [entry] }).IsSaved(module);

    private DiagnosticException Error(string code, string message, string? tensor = null, string hint = "") =>
        new(code, message, tensor is null ? location : $"{location}: tensor '{Names.Short(tensor)}'", hint);
}
