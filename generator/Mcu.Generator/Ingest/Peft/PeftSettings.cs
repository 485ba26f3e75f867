namespace Mcu.Generator.Ingest.Peft;

/// <summary>What the settings of one PEFT type mean to the compiler.</summary>
/// <param name="Name">Value of <c>peft_type</c>.</param>
/// <param name="Used">Settings that are read.</param>
/// <param name="Harmless">Settings that only matter while training, or that say where the adapter comes from.</param>
/// <param name="Unsupported">Settings that change what the adapted layer computes; they must be off.</param>
internal sealed record PeftSettings(PeftType Type, string Name, IReadOnlySet<string> Used, IReadOnlySet<string> Harmless, IReadOnlySet<string> Unsupported)
{
    private static readonly string[] Common =
    [
        "auto_mapping", "base_model_name_or_path", "ensure_weight_tying", "exclude_modules", "inference_mode", "peft_version", "revision",
        "runtime_config", "target_modules", "task_type",
    ];

    private static readonly string[] Prompt =
        ["modules_to_save", "num_attention_heads", "num_layers", "num_transformer_submodules", "num_virtual_tokens", "peft_type", "token_dim"];

    private static readonly PeftSettings[] All =
    [
        new(
            PeftType.Lora,
            "LORA",
            Set("alpha_pattern", "bias", "fan_in_fan_out", "init_lora_weights", "lora_alpha", "lora_bias", "modules_to_save", "peft_type", "r", "rank_pattern", "use_dora", "use_rslora"),
            Set("corda_config", "eva_config", "layers_pattern", "layers_to_transform", "loftq_config", "lora_dropout", "lora_ga_config", "megatron_config", "megatron_core", "qalora_group_size"),
            Set("alora_invocation_tokens", "arrow_config", "kasa_config", "layer_replication", "monteclora_config", "target_parameters", "trainable_token_indices", "use_bdlora", "use_qalora", "velora_config")),
        new(PeftType.Ia3, "IA3", Set("fan_in_fan_out", "feedforward_modules", "modules_to_save", "peft_type"), Set("init_ia3_weights"), Set()),
        new(PeftType.Shira, "SHIRA", Set("fan_in_fan_out", "modules_to_save", "peft_type"), Set("init_weights", "mask_type", "r", "random_seed"), Set()),
        new(PeftType.LnTuning, "LN_TUNING", Set("modules_to_save", "peft_type"), Set(), Set()),
        new(PeftType.PromptTuning, "PROMPT_TUNING", Set(Prompt), Set("prompt_tuning_init", "prompt_tuning_init_state_dict_path", "prompt_tuning_init_text", "tokenizer_kwargs", "tokenizer_name_or_path"), Set()),
        new(PeftType.PTuning, "P_TUNING", Set(Prompt), Set("encoder_dropout", "encoder_hidden_size", "encoder_num_layers", "encoder_reparameterization_type"), Set()),
        new(PeftType.PrefixTuning, "PREFIX_TUNING", Set(Prompt), Set("encoder_hidden_size", "prefix_projection"), Set()),
    ];

    /// <summary>The supported values of <c>peft_type</c>.</summary>
    public static IEnumerable<string> Names => All.Select(s => s.Name);

    /// <summary>The settings of a PEFT type; null for one that is not supported.</summary>
    public static PeftSettings? Of(string name) => Array.Find(All, s => s.Name == name);

    public bool IsKnown(string setting) => Used.Contains(setting) || Harmless.Contains(setting) || Common.Contains(setting);

    private static HashSet<string> Set(params string[] names) => new(names, StringComparer.Ordinal);
}
