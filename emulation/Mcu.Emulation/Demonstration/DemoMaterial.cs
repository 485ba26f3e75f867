using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Demonstration;

/// <summary>What <c>tests/demo</c> holds: a base, adapters for two domains, and labelled samples of each domain.</summary>
public sealed record DemoMaterial(string Folder, Quantization Data, string BasePath, IReadOnlyList<DemoAdapter> Adapters, IReadOnlyList<string> Domains)
{
    /// <summary>Reads <c>demo.json</c>; MCU0140 when the folder is not there or damaged.</summary>
    public static DemoMaterial Load(string folder)
    {
        string path = Path.Combine(folder, "demo.json");
        try
        {
            DemoFile file = JsonSerializer.Deserialize(File.ReadAllBytes(path), DemoJson.Default.DemoFile)!;
            return new DemoMaterial(
                folder,
                new Quantization(file.Scale, file.ZeroPoint),
                Path.Combine(folder, file.Base),
                [.. file.Adapters.Select(a => new DemoAdapter(a.Key, Path.Combine(folder, a.Value.Path), a.Value.Domain))],
                [.. file.Samples.Keys]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DiagnosticException("MCU0140", $"The demo's material cannot be read: {e.Message}", path, "Run ./mcu demo in a complete clone of the project.");
        }
    }

    public string SamplesOf(string domain) => Path.Combine(Folder, "test", domain + ".bin");

    public string LabelsOf(string domain) => Path.Combine(Folder, "test", domain + ".csv");

    /// <summary>The calibration samples as float32, the type of the base's input.</summary>
    public byte[] Calibration()
    {
        sbyte[] stored = MemoryMarshal.Cast<byte, sbyte>(File.ReadAllBytes(Path.Combine(Folder, "calibration.bin"))).ToArray();
        return MemoryMarshal.AsBytes<float>(stored.Select(v => Data.Scale * (v - Data.ZeroPoint)).ToArray()).ToArray();
    }
}

/// <summary>An adapter and the domain it was trained for.</summary>
public sealed record DemoAdapter(string Name, string Path, string Domain);

internal sealed record DemoFile(
    float Scale, int ZeroPoint, string Base, Dictionary<string, DemoFileAdapter> Adapters, Dictionary<string, int> Samples);

internal sealed record DemoFileAdapter(string Path, string Domain);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DemoFile))]
internal sealed partial class DemoJson : JsonSerializerContext;
