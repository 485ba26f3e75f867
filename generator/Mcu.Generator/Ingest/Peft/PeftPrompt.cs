using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Structural;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// PEFT's prompt learning types: one tensor <c>prompt_embeddings</c>, as huggingface/peft saves it behind whatever encoder made it.
/// PROMPT_TUNING and P_TUNING: tokens <c>[p,d]</c> in front of the sequence. PREFIX_TUNING: <c>[p,layers·2·d]</c>, which
/// <c>PeftModel.get_prompt</c> views as <c>[p,layers·2,heads,d/heads]</c>, a key and a value for each layer.
/// </summary>
/// <param name="location">The file of the tensors, for messages.</param>
internal sealed class PeftPrompt(JsonElement config, PeftType type, string location)
{
    /// <summary>Name of the tensor, and of the place that a map gives it.</summary>
    public const string Tensor = "prompt_embeddings";

    private const int Most = 4096;

    public static bool Is(PeftType type) => type is PeftType.PromptTuning or PeftType.PTuning or PeftType.PrefixTuning;

    /// <summary>Parts whose places are not known yet: <see cref="StructuralPart.Place"/> is the name that a map has.</summary>
    public EquatableArray<StructuralPart> Read(IReadOnlyList<SafetensorsTensor> tensors)
    {
        SafetensorsTensor found = tensors.FirstOrDefault(t => t.Name == Tensor) ?? throw Error("MCU0434", $"The tensor '{Tensor}' is missing; the adapter is not complete.");
        if (found.Data is not FloatData data)
        {
            throw Error("MCU0433", $"The element type is {found.Type} instead of F32, F16 or BF16.");
        }

        Require(data.Values.All(float.IsFinite), "MCU0416", "A value is not a finite number.");
        int tokens = Number("num_virtual_tokens");
        int depth = Number("token_dim");
        Require(Number("num_transformer_submodules", 1) == 1, "MCU0421", "'num_transformer_submodules' is not 1: the prompt is of an encoder and a decoder.");
        return type == PeftType.PrefixTuning ? Prefixes(found.Shape, data, tokens, depth) : [Prompt(found.Shape, data, tokens, depth)];
    }

    private PromptPart Prompt(Shape shape, FloatData data, int tokens, int depth)
    {
        RequireShape(shape, tokens, depth);
        return new PromptPart("prompt." + Tensor, Tensor, new AdapterTensor(shape, data.Values));
    }

    private EquatableArray<StructuralPart> Prefixes(Shape shape, FloatData data, int tokens, int depth)
    {
        int layers = Number("num_layers");
        int heads = Number("num_attention_heads");
        Require(depth % heads == 0, "MCU0422", $"'token_dim' {depth} is not a multiple of 'num_attention_heads' {heads}.");
        RequireShape(shape, tokens, 2L * layers * depth);
        return Enumerable.Range(0, layers).Select(layer =>
        {
            string place = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Tensor}.{layer}");
            return (StructuralPart)new PrefixPart("prefix." + place, place, Rows(data, tokens, depth, layers, 2 * layer), Rows(data, tokens, depth, layers, (2 * layer) + 1));
        }).ToEquatableArray();
    }

    /// <summary>Keys or values of one layer, <c>[p,heads·size]</c>.</summary>
    private static AdapterTensor Rows(FloatData data, int tokens, int depth, int layers, int part) =>
        new(new Shape(tokens, depth), Enumerable.Range(0, tokens * depth).Select(i => data.Values[((((i / depth) * 2 * layers) + part) * depth) + (i % depth)]).ToEquatableArray());

    private int Number(string name, int? fallback = null)
    {
        if (!config.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return fallback ?? throw Error("MCU0422", $"The setting '{name}' is missing in adapter_config.json.");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number is > 0 and <= Most
            ? number
            : throw Error("MCU0422", $"The setting '{name}' is {StrictJson.Kind(value)} instead of a number from 1 to {Most}.");
    }

    private void RequireShape(Shape shape, long rows, long columns) =>
        Require(shape.Rank == 2 && shape[0] == rows && shape[1] == columns, "MCU0434", $"The shape is {shape} instead of [{rows}x{columns}], which adapter_config.json says.");

    private void Require(bool condition, string code, string message)
    {
        if (!condition)
        {
            throw Error(code, message);
        }
    }

    private DiagnosticException Error(string code, string message) => new(code, message, $"{location}: '{Tensor}'", "Save the adapter with PEFT's save_pretrained.");
}
