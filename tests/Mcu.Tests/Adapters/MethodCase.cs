using System.Text.Json;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.Adapters;

/// <summary>
/// One adapter as PEFT writes it, and the same written out into the initializers of the ONNX file by plain formulas of the methods'
/// papers, without any code of the compiler.
/// </summary>
internal sealed class MethodCase(MethodNetwork network, string name, int seed)
{
    private const string P = "base_model.model.";
    private readonly Random random = new(seed);
    private readonly SafetensorsWriter writer = new();

    public string Name => name;

    public ModelProto Adapted { get; } = network.Read();

    /// <summary>Entries of adapter_config.json beside the defaults of a LoRA configuration; null for another PEFT type.</summary>
    private string config = "{}";

    public MethodCase Lora(params (string Key, object? Value)[] entries)
    {
        config = PeftFolder.Config([("r", 4), ("lora_alpha", 8), .. entries]);
        return this;
    }

    public MethodCase Type(string type, params (string Key, object? Value)[] entries)
    {
        config = JsonSerializer.Serialize(entries.Append(("peft_type", type)).ToDictionary(e => e.Item1, e => e.Item2));
        return this;
    }

    /// <summary>W ← W + 2·B·A; with a magnitude W ← m/‖W‖ per output afterwards; with a bias of B, b ← b + 2·bias.</summary>
    public MethodCase Factors(string module, bool dora = false, bool bias = false, float size = 0.05f, int rank = 4, double? scale = null)
    {
        double factor = scale ?? (8.0 / rank);
        float[] weight = Weight(module);
        int[] shape = Shape(module);
        bool linear = shape.Length == 2;
        int columns = weight.Length / shape[0];
        float[] a = Add($"{module}.lora_A.weight", [rank, .. shape[1..]], 0.3f);
        float[] b = Add($"{module}.lora_B.weight", linear ? [shape[0], rank] : [shape[0], rank, 1, 1], size);
        for (int i = 0; i < weight.Length; i++)
        {
            weight[i] += (float)(factor * Enumerable.Range(0, rank).Sum(r => (double)b[(i / columns * rank) + r] * a[(r * columns) + (i % columns)]));
        }

        if (dora)
        {
            double[] norms = [.. Enumerable.Range(0, shape[0]).Select(o => Math.Sqrt(weight.AsSpan(o * columns, columns).ToArray().Sum(w => (double)w * w)))];
            float[] magnitude = [.. norms.Select(n => (float)(n * (0.9 + (0.2 * random.NextDouble()))))];
            writer.Add($"{P}{module}.lora_magnitude_vector", "F32", linear ? [shape[0]] : [1, shape[0], 1, 1], magnitude);
            weight = [.. weight.Select((w, i) => (float)(w * magnitude[i / columns] / norms[i / columns]))];
        }

        Set(module + ".weight", weight);
        if (bias)
        {
            float[] of = Add($"{module}.lora_B.bias", [shape[0]], 0.1f);
            Set(module + ".bias", [.. Values(module + ".bias").Zip(of, (x, y) => (float)(x + (factor * y)))]);
        }

        return this;
    }

    /// <summary>Output: W and b times l per output; input: W times l per input channel.</summary>
    public MethodCase Scale(string module, bool onInput = false, Func<int, float>? factor = null)
    {
        int[] shape = Shape(module);
        float[] weight = Weight(module);
        bool depthwise = module == network.Depthwise;
        int channels = onInput && !depthwise ? shape[1] : shape[0];
        float[] l = [.. Enumerable.Range(0, channels).Select(i => factor?.Invoke(i) ?? (0.8f + (0.4f * random.NextSingle())))];
        int[] stored = shape.Length == 4 ? [1, channels, 1, 1] : onInput ? [1, channels] : [channels, 1];
        writer.Add($"{P}{module}.ia3_l", "F32", stored, l);
        int columns = weight.Length / shape[0];
        int taps = columns / shape[1];
        Set(module + ".weight", [.. weight.Select((w, i) => w * l[onInput && !depthwise ? i % columns / taps : i / columns])]);
        if (!onInput)
        {
            Set(module + ".bias", [.. Values(module + ".bias").Select((b, o) => b * l[o])]);
        }

        return this;
    }

    /// <summary>Differences at random places of a linear layer; one place stands twice.</summary>
    public MethodCase Sparse(string module, int count, string indexType, float size = 0.2f)
    {
        int[] shape = Shape(module);
        float[] weight = Weight(module);
        int[] rows = [.. Enumerable.Range(0, count).Select(_ => random.Next(shape[0]))];
        int[] columns = [.. Enumerable.Range(0, count).Select(_ => random.Next(shape[1]))];
        (rows[1], columns[1]) = (rows[0], columns[0]);
        float[] values = Add($"{module}.shira_weight", [count], size);
        writer.Add($"{P}{module}.shira_indices", indexType, [2, count], [.. rows.Concat(columns).Select(i => (float)i)]);
        for (int i = 0; i < count; i++)
        {
            weight[(rows[i] * shape[1]) + columns[i]] += values[i];
        }

        Set(module + ".weight", weight);
        return this;
    }

    public MethodCase Bias(string module)
    {
        float[] changed = Add(module + ".bias", [Shape(module)[0]], 0.4f);
        Set(module + ".bias", changed);
        return this;
    }

    public MethodCase Saved(string module)
    {
        Set(module + ".weight", Add(module + ".weight", Shape(module), 0.2f));
        Set(module + ".bias", Add(module + ".bias", [Shape(module)[0]], 0.2f));
        return this;
    }

    /// <summary>The folder's path; its name is the adapter's.</summary>
    public string Write()
    {
        string folder = Path.Combine(EndToEnd.TestFolder.Create("method"), name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config);
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), writer.ToBytes());
        return folder;
    }

    private int[] Shape(string module) => OnnxAdapterMerge.Shape(Adapted, module + ".weight");

    private float[] Weight(string module) => Values(module + ".weight");

    private float[] Values(string initializer) => OnnxAdapterMerge.ValuesOf(Adapted, initializer);

    private void Set(string initializer, float[] values) => OnnxAdapterMerge.Replace(Adapted, initializer, values);

    private float[] Add(string key, int[] shape, float range)
    {
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (p, d) => p * d)).Select(_ => ((random.NextSingle() * 2) - 1) * range)];
        writer.Add(P + key, "F32", shape, values);
        return values;
    }
}
