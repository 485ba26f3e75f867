using System.Text.Json;

namespace Mcu.Tests.Ingest.Peft;

/// <summary>A temporary adapter folder as PEFT's <c>save_pretrained</c> lays it out.</summary>
internal sealed class PeftFolder : IDisposable
{
    public PeftFolder(string config, byte[] weights)
    {
        Directory.CreateDirectory(Path);
        File.WriteAllText(System.IO.Path.Combine(Path, "adapter_config.json"), config);
        File.WriteAllBytes(System.IO.Path.Combine(Path, "adapter_model.safetensors"), weights);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"mcu-peft-{Guid.NewGuid():N}");

    /// <summary>
    /// A configuration with every key that PEFT 0.17 writes for a LoRA adapter, and the given ones replaced or added.
    /// </summary>
    public static string Config(params (string Key, object? Value)[] changes)
    {
        var config = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["alpha_pattern"] = new Dictionary<string, object>(),
            ["auto_mapping"] = new Dictionary<string, string> { ["base_model_class"] = "Net", ["parent_library"] = "__main__" },
            ["base_model_name_or_path"] = null,
            ["bias"] = "none",
            ["corda_config"] = null,
            ["eva_config"] = null,
            ["exclude_modules"] = null,
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layer_replication"] = null,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["loftq_config"] = new Dictionary<string, object>(),
            ["lora_alpha"] = 8,
            ["lora_bias"] = false,
            ["lora_dropout"] = 0.1,
            ["megatron_config"] = null,
            ["megatron_core"] = "megatron.core",
            ["modules_to_save"] = null,
            ["peft_type"] = "LORA",
            ["qalora_group_size"] = 16,
            ["r"] = 4,
            ["rank_pattern"] = new Dictionary<string, object>(),
            ["revision"] = null,
            ["target_modules"] = new[] { "fc", "conv" },
            ["target_parameters"] = null,
            ["task_type"] = null,
            ["trainable_token_indices"] = null,
            ["use_dora"] = false,
            ["use_qalora"] = false,
            ["use_rslora"] = false,
        };
        foreach ((string key, object? value) in changes)
        {
            config[key] = value;
        }

        return JsonSerializer.Serialize(config);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
