using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Which biases of the base an adapter replaces.</summary>
internal enum PeftBias
{
    None,
    All,
    LoraOnly,
}

/// <summary>PEFT's <c>peft_type</c>, as far as it is read.</summary>
internal enum PeftType
{
    Lora,
    Ia3,
    Shira,
    LnTuning,
    PromptTuning,
    PTuning,
    PrefixTuning,
}

/// <summary>The part of <c>adapter_config.json</c> that decides the arithmetic.</summary>
/// <param name="Rank"><c>r</c> where no pattern says otherwise.</param>
/// <param name="Alpha"><c>lora_alpha</c> where no pattern says otherwise.</param>
internal sealed record PeftConfig(
    int Rank,
    double Alpha,
    PatternKeys<int> RankPattern,
    PatternKeys<double> AlphaPattern,
    bool UseRsLora,
    bool FanInFanOut,
    PeftBias Bias,
    EquatableArray<string> ModulesToSave)
{
    public PeftType Type { get; init; }

    public bool UseDora { get; init; }

    public bool LoraBias { get; init; }

    /// <summary>(IA)³: modules whose input is scaled; null for none.</summary>
    public FeedforwardModules? Feedforward { get; init; }

    public int RankOf(string module) => RankPattern.Resolve(module, Rank);

    public double ScaleOf(string module)
    {
        int rank = RankOf(module);
        double alpha = AlphaPattern.Resolve(module, Alpha);
        return alpha / (UseRsLora ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether (IA)³ scales the module's input.</summary>
    public bool IsFeedforward(string module) => Feedforward?.Contains(module) ?? false;

    /// <summary>
    /// Whether the module, or one that contains it, is listed in <c>modules_to_save</c>. PEFT compares the end of the
    /// name, also in the middle of a path element.
    /// </summary>
    public bool IsSaved(string module)
    {
        for (int end = module.Length; end > 0; end = module.LastIndexOf('.', end - 1))
        {
            string path = module[..end];
            if (ModulesToSave.Any(m => path.EndsWith(m, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}
