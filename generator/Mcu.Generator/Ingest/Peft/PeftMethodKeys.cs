namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// Keys that a PEFT method gives to its own tensors, with or without the adapter's name: <c>m.lora_A.weight</c>,
/// <c>m.lora_A.NAME.weight</c>, <c>m.lora_B.bias</c>, <c>m.lora_magnitude_vector</c> (in memory with <c>.weight</c>), <c>m.ia3_l</c>,
/// <c>m.shira_weight</c>, <c>m.shira_indices</c>, <c>m.ln_tuning_layers.weight</c>.
/// </summary>
internal static class PeftMethodKeys
{
    private const string Weight = "weight";
    private const string Bias = "bias";

    /// <summary>The key under the configuration's method; null for a key of another kind.</summary>
    public static PeftKey? Parse(PeftConfig config, string[] parts)
    {
        // The method's name is the last part, or one or two before it: m.X, m.X.NAME, m.X.weight, m.X.NAME.weight.
        for (int at = parts.Length - 1; at >= Math.Max(1, parts.Length - 3); at--)
        {
            string[] rest = parts[(at + 1)..];
            string parameter = rest.Length > 0 && rest[^1] is Weight or Bias or "running_mean" or "running_var" or "num_batches_tracked" ? rest[^1] : "";
            string? name = rest.Length > (parameter.Length > 0 ? 1 : 0) ? rest[0] : null;
            bool whole = rest.Length == (parameter.Length > 0 ? 1 : 0) + (name is null ? 0 : 1);
            if (whole && RoleOf(config, parts[at], parameter) is { } role)
            {
                return new PeftKey(role, string.Join('.', parts[..at]), name);
            }
        }

        return null;
    }

    private static PeftRole? RoleOf(PeftConfig config, string method, string parameter) => (config.Type, method, parameter) switch
    {
        (PeftType.Lora, "lora_A", Weight) => PeftRole.LoraA,
        (PeftType.Lora, "lora_B", Weight) => PeftRole.LoraB,
        (PeftType.Lora, "lora_B", Bias) => config.LoraBias ? PeftRole.LoraBias : PeftRole.Unexpected,
        (PeftType.Lora, "lora_magnitude_vector", "" or Weight) => config.UseDora ? PeftRole.Magnitude : PeftRole.Unexpected,
        (PeftType.Ia3, "ia3_l", "") => PeftRole.Scale,
        (PeftType.Shira, "shira_weight", "") => PeftRole.SparseValues,
        (PeftType.Shira, "shira_indices", "") => PeftRole.SparseIndices,
        (PeftType.LnTuning, "ln_tuning_layers", Weight) => PeftRole.SavedWeight,
        (PeftType.LnTuning, "ln_tuning_layers", Bias) => PeftRole.SavedBias,
        (PeftType.LnTuning, "ln_tuning_layers", "running_mean") => PeftRole.RunningMean,
        (PeftType.LnTuning, "ln_tuning_layers", "running_var") => PeftRole.RunningVariance,
        (PeftType.LnTuning, "ln_tuning_layers", "num_batches_tracked") => PeftRole.Ignored,
        _ => null,
    };
}
