using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// Reads <c>adapter_config.json</c> (fields and defaults of <c>LoraConfig</c>, <c>IA3Config</c>, <c>ShiraConfig</c>,
/// <c>LNTuningConfig</c> and the prompt learning types in huggingface/peft 0.17 to 0.19). Settings that change the arithmetic in a way not implemented here are
/// errors; unknown ones are noted.
/// </summary>
internal sealed class PeftConfigReader(string location, DiagnosticBag notes)
{
    /// <summary>Largest configuration file accepted, in bytes.</summary>
    public const long MaxBytes = 4 * 1024 * 1024;

    private const int DefaultRank = 8;
    private const int DefaultAlpha = 8;
    private const int MaxRank = 1 << 16;

    /// <summary>Initialisations that subtract their first factors from the base weights, or replace these.</summary>
    private static readonly string[] BaseChangingInitialisations = ["pissa", "olora", "corda", "lora_ga", "loftq"];

    public PeftConfig Read(ReadOnlyMemory<byte> json)
    {
        JsonElement root = StrictJson.ParseObject(json, "MCU0403", location);
        PeftSettings settings = TypeOf(root);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            CheckSetting(property, settings);
        }

        NoteInitialisation(root);
        return Check(new PeftConfig(
            Rank("r", Optional(root, "r"), DefaultRank),
            Alpha("lora_alpha", Optional(root, "lora_alpha"), DefaultAlpha),
            Pattern(root, "rank_pattern", (key, value) => Rank(key, value, 0)),
            Pattern(root, "alpha_pattern", (key, value) => Alpha(key, value, 0)),
            Flag(root, "use_rslora"),
            Flag(root, "fan_in_fan_out"),
            Bias(root),
            Texts(root, "modules_to_save"))
        {
            Type = settings.Type,
            UseDora = Flag(root, "use_dora"),
            LoraBias = Flag(root, "lora_bias"),
            Feedforward = settings.Type == PeftType.Ia3 ? Feedforward(root) : null,
        });
    }

    private PeftConfig Check(PeftConfig config) => config is { UseDora: true, LoraBias: true }
        ? throw new DiagnosticException("MCU0421", "'use_dora' and 'lora_bias' are both set, which PEFT does not define.", location, "Train with one of the two.")
        : config;

    private PeftSettings TypeOf(JsonElement root)
    {
        if (Optional(root, "peft_type") is not { ValueKind: JsonValueKind.String } type)
        {
            throw new DiagnosticException("MCU0420", "'peft_type' is missing or not a text; the file is no PEFT configuration.", location);
        }

        return PeftSettings.Of(type.GetString()!) ?? throw new DiagnosticException(
            "MCU0420",
            $"PEFT type '{Names.Short(type.GetString()!)}' is not supported.",
            location,
            $"Supported: {string.Join(", ", PeftSettings.Names)}, with modules_to_save; a BitFit adapter is a LORA configuration with 'bias': 'all' and only bias tensors. Bottlenecks come as an .npz archive (docs/ADAPTERS.md).");
    }

    private void CheckSetting(JsonProperty setting, PeftSettings settings)
    {
        if (StrictJson.IsOff(setting.Value) || settings.IsKnown(setting.Name))
        {
            return;
        }

        if (settings.Unsupported.Contains(setting.Name))
        {
            throw new DiagnosticException(
                "MCU0421",
                $"The setting '{setting.Name}' is {StrictJson.Kind(setting.Value)}; it changes what the layers compute and is not supported.",
                location,
                "Train without it, or merge the adapter into the base with PEFT and export that.");
        }

        notes.Note("MCU0424", $"The setting '{Names.Short(setting.Name)}' is not known and is ignored.", location);
    }

    private void NoteInitialisation(JsonElement root)
    {
        if (Optional(root, "init_lora_weights") is { ValueKind: JsonValueKind.String } init
            && BaseChangingInitialisations.Any(i => init.GetString()!.StartsWith(i, StringComparison.OrdinalIgnoreCase)))
        {
            notes.Warn(
                "MCU0425",
                $"The initialisation '{Names.Short(init.GetString()!)}' changes the base weights; the adapter is right only for a base exported after it.",
                location,
                "Convert it with PEFT's 'path_initial_model_for_weight_conversion', or export the base from the initialised model.");
        }
    }

    private static JsonElement? Optional(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int Rank(string name, JsonElement? value, int fallback)
    {
        if (value is null)
        {
            return fallback;
        }

        return value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetInt32(out int rank) && rank is > 0 and <= MaxRank
            ? rank
            : throw Wrong(name, value.Value, $"a rank from 1 to {MaxRank}");
    }

    private double Alpha(string name, JsonElement? value, double fallback)
    {
        if (value is null)
        {
            return fallback;
        }

        return value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetDouble(out double alpha) && double.IsFinite(alpha)
            ? alpha
            : throw Wrong(name, value.Value, "a finite number");
    }

    private bool Flag(JsonElement root, string name) => Optional(root, name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } other => throw Wrong(name, other, "true or false"),
    };

    private PeftBias Bias(JsonElement root) => Optional(root, "bias") switch
    {
        null => PeftBias.None,
        { ValueKind: JsonValueKind.String } text when text.GetString() == "none" => PeftBias.None,
        { ValueKind: JsonValueKind.String } text when text.GetString() == "all" => PeftBias.All,
        { ValueKind: JsonValueKind.String } text when text.GetString() == "lora_only" => PeftBias.LoraOnly,
        { } other => throw Wrong("bias", other, "'none', 'all' or 'lora_only'"),
    };

    private FeedforwardModules? Feedforward(JsonElement root) => Optional(root, "feedforward_modules") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => new FeedforwardModules(text.GetString()!, $"{location}: feedforward_modules"),
        _ => new FeedforwardModules(Texts(root, "feedforward_modules")),
    };

    private EquatableArray<string> Texts(JsonElement root, string name)
    {
        if (Optional(root, name) is not { } list)
        {
            return [];
        }

        bool texts = list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String && i.GetString()!.Length > 0);
        return texts ? list.EnumerateArray().Select(i => i.GetString()!).ToEquatableArray() : throw Wrong(name, list, "a list of module names");
    }

    private PatternKeys<T> Pattern<T>(JsonElement root, string name, Func<string, JsonElement?, T> read)
    {
        JsonElement? patterns = Optional(root, name);
        if (patterns is { ValueKind: not JsonValueKind.Object })
        {
            throw Wrong(name, patterns.Value, "an object from module names to numbers");
        }

        IEnumerable<JsonProperty> entries = patterns is null ? [] : patterns.Value.EnumerateObject();
        return new PatternKeys<T>(entries.Select(p => KeyValuePair.Create(p.Name, ReadNumber(name, p, read))), $"{location}: {name}");
    }

    private T ReadNumber<T>(string pattern, JsonProperty entry, Func<string, JsonElement?, T> read) =>
        read($"{pattern}: {Names.Short(entry.Name)}", entry.Value.ValueKind == JsonValueKind.Null ? throw Wrong(pattern, entry.Value, "a number") : entry.Value);

    private DiagnosticException Wrong(string name, JsonElement value, string expected) =>
        new("MCU0422", $"The setting '{name}' is {StrictJson.Kind(value)} instead of {expected}.", location);
}
