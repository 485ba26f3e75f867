using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Emit;

/// <summary>
/// <c>mcu.json</c> of an emitted folder: everything that a build, a run or a later command needs to know about the
/// sources. Paths are relative to the folder and use <c>/</c>.
/// </summary>
public sealed record EmittedManifest
{
    public const string FileName = "mcu.json";

    public const int CurrentVersion = 1;

    /// <summary>Version of this format.</summary>
    public int ManifestVersion { get; init; } = CurrentVersion;

    /// <summary>Name of the network as the user gave it.</summary>
    public required string Name { get; init; }

    /// <summary>Prefix of the public C identifiers; in upper case, of the public macros.</summary>
    public required string Prefix { get; init; }

    /// <summary>Version of the compiler that wrote the folder.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>Target the kernels were chosen for.</summary>
    public required string Target { get; init; }

    /// <summary>Language of the sources: absent for C, <c>nanoframework</c> for C#.</summary>
    public string? Language { get; init; }

    /// <summary>Namespace of the network's class in C#; absent for C.</summary>
    public string? Namespace { get; init; }

    /// <summary>Folder of the C that the C# calls; absent where it calls none.</summary>
    public string? Native { get; init; }

    /// <summary>The public header; the file of the network's class in C#.</summary>
    public required string Header { get; init; }

    /// <summary>Every C file to compile.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public required EquatableArray<string> Sources { get; init; }

    /// <summary>Every other file that was emitted beside the header and this manifest; absent in older folders.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public EquatableArray<string> OtherFiles { get; init; } = EquatableArray<string>.Empty;

    /// <summary>Folders for <c>-I</c>.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public required EquatableArray<string> IncludeDirs { get; init; }

    /// <summary>Macros for <c>-D</c>, <c>NAME</c> or <c>NAME=VALUE</c>.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public required EquatableArray<string> CompileDefinitions { get; init; }

    public required EmittedPort Input { get; init; }

    public required EmittedPort Output { get; init; }

    /// <summary>Bytes of the caller's arena: every byte of RAM an inference touches except its stack and state.</summary>
    public required int ArenaBytes { get; init; }

    /// <summary>Bytes that an object of the class in C# keeps on the managed heap, without arrays' headers; absent for C.</summary>
    public int? HeapBytes { get; init; }

    /// <summary>Bytes of weights, biases and requantisation tables of the base.</summary>
    public required int WeightBytes { get; init; }

    /// <summary>Bytes of all adapters together.</summary>
    public required int AdapterBytes { get; init; }

    /// <summary>Adapters by index; index 0 is the base alone.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<EmittedAdapter>))]
    public required EquatableArray<EmittedAdapter> Adapters { get; init; }

    /// <summary>How many delta images can be attached at once; absent for none.</summary>
    public int? Deltas { get; init; }

    /// <summary>SHA-256 of the base model's file, lower-case hexadecimal.</summary>
    public required string ModelSha256 { get; init; }

    /// <summary>Names of the layers in the order of execution.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public required EquatableArray<string> Layers { get; init; }

    /// <summary>Where the output of each layer stands in the arena when the layer has ended; absent in C# and in older folders.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<EmittedLayerOutput>))]
    public EquatableArray<EmittedLayerOutput>? LayerOutputs { get; init; }

    /// <summary>Reads and checks the manifest of a folder (MCU1080 to MCU1083).</summary>
    public static EmittedManifest Load(string folder) => ManifestReader.Load(folder);

    /// <summary>The manifest of a folder of C; MCU1505 where the sources are in another language.</summary>
    public static EmittedManifest LoadC(string folder)
    {
        EmittedManifest manifest = Load(folder);
        return manifest.Language is null
            ? manifest
            : throw new DiagnosticException(
                "MCU1505",
                "The folder holds C# for nanoFramework, not C.",
                folder,
                manifest.Native is null ? "Use --on managed, or compile with --lang c." : $"Name its folder '{manifest.Native}', which holds the C.");
    }

    /// <summary>The file's text: two-space indent, LF, a final newline; equal values give equal bytes.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ManifestJson.Default.EmittedManifest) + "\n";
}

/// <summary>The network's one input or output.</summary>
public sealed record EmittedPort
{
    /// <summary><c>int8</c> or <c>float32</c>.</summary>
    public required string Type { get; init; }

    [JsonConverter(typeof(EquatableArrayConverter<int>))]
    public required EquatableArray<int> Shape { get; init; }

    /// <summary>Bytes of one sample.</summary>
    public required int Bytes { get; init; }

    /// <summary>Real value of one step; absent for float32.</summary>
    public double? Scale { get; init; }

    /// <summary>The integer that stands for 0.0; absent for float32.</summary>
    public int? ZeroPoint { get; init; }
}

/// <summary>One selectable adapter.</summary>
public sealed record EmittedAdapter
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>Bytes of the arena that its own network needs, where it adds nodes; absent for others.</summary>
    public int? ArenaBytes { get; init; }
}

/// <summary>One layer's output.</summary>
public sealed record EmittedLayerOutput
{
    /// <summary>Name of the activation in the network's graph.</summary>
    public required string Tensor { get; init; }

    /// <summary>From the beginning of the arena.</summary>
    public required int Offset { get; init; }

    public required int Bytes { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n")]
[JsonSerializable(typeof(EmittedManifest))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(EmittedAdapter[]))]
[JsonSerializable(typeof(EmittedLayerOutput[]))]
internal sealed partial class ManifestJson : JsonSerializerContext;
