using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Demo;

/// <summary>The demo material of a checkout: a base, its adapters, and test samples per domain.</summary>
/// <param name="Root">The folder tests/demo.</param>
/// <param name="Adapters">In selection order, the first has index 1.</param>
/// <param name="Data">How the int8 samples stand for real numbers.</param>
internal sealed record DemoFolder(string Root, string Base, IReadOnlyList<DemoAdapter> Adapters, IReadOnlyList<string> Domains, Quantization Data)
{
    private const string Place = "tests/demo";

    public string Calibration => Path.Combine(Root, "calibration.bin");

    public string Samples(string domain) => Path.Combine(Root, "test", domain + ".bin");

    public string Labels(string domain) => Path.Combine(Root, "test", domain + ".csv");

    /// <summary>The material of the checkout that this tool was built in; MCU0150 when it is not there or damaged.</summary>
    public static DemoFolder ForThisCheckout()
    {
        string? folder = Checkout.FolderWith(Path.Combine(Place, "demo.json"));
        return folder is null
            ? throw new DiagnosticException("MCU0150", "The demo is part of the project's checkout; this tool was installed without it.", "", "Run ./mcu demo in a clone of the project.")
            : Read(Path.Combine(folder, Place));
    }

    private static DemoFolder Read(string root)
    {
        string path = Path.Combine(root, "demo.json");
        try
        {
            DemoFile file = JsonSerializer.Deserialize(File.ReadAllBytes(path), DemoJson.Default.DemoFile) ?? throw new JsonException("null is no demo");
            return new DemoFolder(
                root,
                Path.Combine(root, file.Base),
                [.. file.Adapters.Select(entry => new DemoAdapter(entry.Key, Path.Combine(root, entry.Value.Path), entry.Value.Domain))],
                [.. file.Samples.Keys],
                new Quantization(file.Scale, file.ZeroPoint));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU0150", $"The demo's description cannot be read: {e.Message}", path, "Check the clone with 'git status'.");
        }
    }
}

/// <param name="Domain">The domain that the adapter was trained for.</param>
internal sealed record DemoAdapter(string Name, string Path, string Domain);

internal sealed record DemoFile
{
    public required float Scale { get; init; }

    public required int ZeroPoint { get; init; }

    public required string Base { get; init; }

    public required Dictionary<string, DemoFileAdapter> Adapters { get; init; }

    /// <summary>Number of test samples by domain.</summary>
    public required Dictionary<string, int> Samples { get; init; }
}

internal sealed record DemoFileAdapter
{
    public required string Path { get; init; }

    public required string Domain { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DemoFile))]
internal sealed partial class DemoJson : JsonSerializerContext;
