using System.Security.Cryptography;
using System.Text.Json;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// Reads an adapter folder as Hugging Face PEFT's <c>save_pretrained</c> writes it: <c>adapter_config.json</c> and
/// <c>adapter_model.safetensors</c>. LoRA on linear layers and convolutions, replaced biases (also alone: BitFit),
/// whole replaced modules, (IA)³, SHiRA, tuned normalisations, prompts and prefixes.
/// </summary>
public static class PeftReader
{
    private const string ConfigName = "adapter_config.json";
    private const string WeightsName = "adapter_model.safetensors";
    private const string PickleName = "adapter_model.bin";

    /// <summary>Reads the folder. Throws MCU04xx; notes and warnings go to <paramref name="notes"/>.</summary>
    public static PeftAdapter ReadFolder(string path, DiagnosticBag notes)
    {
        CheckFolder(path);
        string configPath = Path.Combine(path, ConfigName);
        string weightsPath = Path.Combine(path, WeightsName);
        byte[] config = BoundedFile.Read(configPath, PeftConfigReader.MaxBytes, "MCU0401");
        byte[] weights = BoundedFile.Read(weightsPath, SafetensorsReader.MaxBytes, "MCU0401");
        return Read(NameOf(path), config, weights, notes);
    }

    /// <summary>Reads an adapter from the contents of its two files.</summary>
    /// <param name="name">The adapter's name, also used as the place in messages.</param>
    public static PeftAdapter Read(string name, byte[] config, byte[] weights, DiagnosticBag notes)
    {
        PeftConfig settings = new PeftConfigReader($"{name}/{ConfigName}", notes).Read(config);
        string location = $"{name}/{WeightsName}";
        IReadOnlyList<SafetensorsTensor> tensors = SafetensorsReader.Read(weights, location);
        string hash = Hash(config, weights);
        return PeftPrompt.Is(settings.Type)
            ? ReadPrompt(new PeftAdapter(name, hash, []), settings, StrictJson.ParseObject(config, "MCU0403", $"{name}/{ConfigName}"), tensors, location, notes)
            : new PeftAdapter(name, hash, new PeftAssembler(settings, location, notes).Assemble(tensors));
    }

    /// <summary>Prompts, and modules that were saved beside them, whose names have no <c>model.</c>: nothing wraps the base.</summary>
    private static PeftAdapter ReadPrompt(
        PeftAdapter adapter, PeftConfig settings, JsonElement config, IReadOnlyList<SafetensorsTensor> tensors, string location, DiagnosticBag notes)
    {
        const string prefix = "base_model.";
        SafetensorsTensor[] others = [.. tensors.Where(t => t.Name != PeftPrompt.Tensor)
            .Select(t => t.Name.StartsWith(prefix, StringComparison.Ordinal) && !t.Name.StartsWith(prefix + "model.", StringComparison.Ordinal) ? t with { Name = prefix + "model." + t.Name[prefix.Length..] } : t)];
        return adapter with
        {
            Structure = new PeftPrompt(config, settings.Type, location).Read(tensors),
            Modules = others.Length == 0 ? [] : new PeftAssembler(settings, location, notes).Assemble(others),
        };
    }

    private static void CheckFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            string hint = File.Exists(path) ? "Give the folder that holds adapter_config.json, not a file in it." : "";
            throw new DiagnosticException("MCU0401", "There is no such adapter folder.", path, hint);
        }

        if (!File.Exists(Path.Combine(path, ConfigName)))
        {
            throw new DiagnosticException("MCU0401", $"The folder holds no {ConfigName}; it is not an adapter saved by PEFT.", path);
        }

        if (!File.Exists(Path.Combine(path, WeightsName)))
        {
            throw File.Exists(Path.Combine(path, PickleName))
                ? new DiagnosticException("MCU0402", $"The folder holds only {PickleName}, a pickle file that could run code when it is opened.", path, "Save the adapter with model.save_pretrained(folder, safe_serialization=True).")
                : new DiagnosticException("MCU0401", $"The folder holds no {WeightsName}.", path);
        }
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return name.Length > 0 ? name : "adapter";
    }

    private static string Hash(byte[] config, byte[] weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(config);
        hash.AppendData(weights);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
