namespace Mcu.Tests.Adapters;

/// <summary>One adapter of every method that changes weights, biases or scales, for one network.</summary>
internal static class MethodCases
{
    public static IReadOnlyList<string> Names { get; } =
        ["lora", "rslora", "bitfit", "dora", "lora-bias", "depthwise", "ia3", "ia3-signs", "shira", "shira-float-index", "saved-layers"];

    public static MethodCase Of(MethodNetwork n, string name) => name switch
    {
        "lora" => new MethodCase(n, name, 19).Lora().Factors(n.Stem).Factors(n.Pointwise).Factors(n.LaterPointwise).Factors(n.Head),
        "rslora" => new MethodCase(n, name, 20).Lora(("use_rslora", true)).Factors(n.Stem, scale: 8 / Math.Sqrt(4), size: 0.03f).Factors(n.Pointwise, scale: 8 / Math.Sqrt(4)).Factors(n.Head, scale: 8 / Math.Sqrt(4)),
        "bitfit" => new MethodCase(n, name, 21).Lora(("bias", "all")).Bias(n.Stem).Bias(n.Depthwise).Bias(n.Pointwise).Bias(n.Head),
        "dora" => new MethodCase(n, name, 11).Lora(("use_dora", true)).Factors(n.Stem, dora: true).Factors(n.Pointwise, dora: true).Factors(n.Head, dora: true),
        "lora-bias" => new MethodCase(n, name, 12).Lora(("lora_bias", true)).Factors(n.Pointwise, bias: true).Factors(n.Head, bias: true),
        "depthwise" => new MethodCase(n, name, 13).Lora().Factors(n.Depthwise).Factors(n.LaterPointwise),
        "ia3" => new MethodCase(n, name, 14).Type("IA3", ("feedforward_modules", new[] { n.LaterPointwise, n.Head }), ("target_modules", new[] { "x" }), ("init_ia3_weights", true))
            .Scale(n.Stem).Scale(n.Depthwise).Scale(n.Pointwise).Scale(n.LaterPointwise, onInput: true).Scale(n.Head, onInput: true),
        "ia3-signs" => new MethodCase(n, name, 15).Type("IA3", ("feedforward_modules", $".*{n.Depthwise[^4..]}|none"))
            .Scale(n.Pointwise, factor: i => i == 3 ? 0 : i == 5 ? -1.1f : 1).Scale(n.Head, factor: i => i == 0 ? -0.5f : 1.2f).Scale(n.Depthwise, onInput: true),
        "shira" => new MethodCase(n, name, 16).Type("SHIRA", ("r", 1), ("mask_type", "random")).Sparse(n.Pointwise, 40, "I32").Sparse(n.Head, 20, "I64"),
        "shira-float-index" => new MethodCase(n, name, 17).Type("SHIRA").Sparse(n.Head, 12, "F32", size: 1),
        "saved-layers" => new MethodCase(n, name, 18).Lora(("modules_to_save", new[] { n.Depthwise, n.Head })).Saved(n.Depthwise).Saved(n.Head).Factors(n.Pointwise),
        _ => throw new ArgumentException(name, nameof(name)),
    };
}
