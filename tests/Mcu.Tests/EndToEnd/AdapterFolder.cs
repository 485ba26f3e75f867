using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.EndToEnd;

/// <summary>Writes PEFT folders with random factors for layers of known shapes.</summary>
internal sealed class AdapterFolder(int seed)
{
    private const string Prefix = "base_model.model.";
    private readonly Random random = new(seed);
    private readonly SafetensorsWriter writer = new();

    /// <param name="weight">Shape of the layer's weights in PyTorch's layout: <c>[O,I]</c> or <c>[O,I,KH,KW]</c>.</param>
    /// <param name="rows">Rows of B that are not zero; null for all.</param>
    public AdapterFolder Lora(string module, int[] weight, int rank, float size = 0.05f, int[]? rows = null)
    {
        writer.Add($"{Prefix}{module}.lora_A.weight", "F32", [rank, .. weight[1..]], Values(rank * weight[1..].Aggregate(1, (p, d) => p * d), 0.3f));
        float[] b = Values(weight[0] * rank, size);
        if (rows is not null)
        {
            b = [.. b.Select((v, i) => rows.Contains(i / rank) ? v : 0)];
        }

        writer.Add($"{Prefix}{module}.lora_B.weight", "F32", weight.Length == 2 ? [weight[0], rank] : [weight[0], rank, 1, 1], b);
        return this;
    }

    public AdapterFolder Bias(string module, int outputs, float size = 0.5f)
    {
        writer.Add($"{Prefix}{module}.bias", "F32", [outputs], Values(outputs, size));
        return this;
    }

    public AdapterFolder Saved(string module, int[] weight, float size = 0.2f)
    {
        writer.Add($"{Prefix}{module}.weight", "F32", weight, Values(weight.Aggregate(1, (p, d) => p * d), size));
        return Bias(module, weight[0]);
    }

    /// <summary>The folder's path; its name is the adapter's.</summary>
    public string Write(string name, params (string Key, object? Value)[] config)
    {
        string folder = Path.Combine(TestFolder.Create("adapter"), name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), PeftFolder.Config(config));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), writer.ToBytes());
        return folder;
    }

    private float[] Values(int count, float size) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * size)];
}
