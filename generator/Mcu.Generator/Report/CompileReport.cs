using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Report;

/// <summary>
/// What a compilation made, as plain data: the source of the HTML page and of the JSON document
/// (docs/schemas/compile.schema.json). Names are as the model's author wrote them and are hostile input.
/// It holds neither dates nor paths, so equal inputs give equal reports.
/// </summary>
public sealed record CompileReport
{
    public const int CurrentVersion = 1;

    /// <summary>Version of this format.</summary>
    public int ReportVersion { get; init; } = CurrentVersion;

    /// <summary>Version of the compiler.</summary>
    public required string ToolVersion { get; init; }

    public required ReportedModel Model { get; init; }

    /// <summary>Target the kernels were chosen for.</summary>
    public required string Target { get; init; }

    /// <summary>Form of C# for nanoFramework; absent for C.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FormReport? Form { get; init; }

    /// <summary>The same as in <see cref="Totals"/>, where the other commands have it.</summary>
    public int ArenaBytes => Totals.ArenaBytes;

    /// <summary>The same as in <see cref="Totals"/>, where the other commands have it.</summary>
    public int WeightBytes => Totals.WeightBytes;

    public required ReportTotals Totals { get; init; }

    /// <summary>Layers in the order of execution.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<LayerReport>))]
    public required EquatableArray<LayerReport> Layers { get; init; }

    /// <summary>Adapters in the order of the command line; the base alone is not among them.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<AdapterReport>))]
    public required EquatableArray<AdapterReport> Adapters { get; init; }

    public required PlanReport Plan { get; init; }

    /// <summary>Figures of emulated firmware; absent where none ran.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReportMeasurement? Measured { get; init; }

    /// <summary>Warnings and notes of the compilation.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<DiagnosticReport>))]
    public required EquatableArray<DiagnosticReport> Diagnostics { get; init; }
}

/// <summary>Where the network comes from.</summary>
/// <param name="Name">Name of the network as the user gave it.</param>
/// <param name="File">File name without its folder.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hexadecimal.</param>
public sealed record ReportedModel(string Name, string File, string Sha256);

/// <summary>Sums over the network.</summary>
/// <param name="ArenaBytes">Bytes of RAM an inference touches, except its stack and state.</param>
/// <param name="WeightBytes">Bytes of weights, biases and requantisation tables of the base.</param>
/// <param name="AdapterBytes">Bytes of all adapters together.</param>
/// <param name="Macs">Multiply-accumulates of one inference of the base.</param>
public sealed record ReportTotals(int ArenaBytes, int WeightBytes, int AdapterBytes, long Macs)
{
    /// <summary>Bytes of the arena without any adapter.</summary>
    public required int BaseArenaBytes { get; init; }

    /// <summary>Output channels that layers with weights lost because they were dead.</summary>
    public int RemovedChannels { get; init; }
}

/// <summary>One layer of the emitted program; one step of its schedule.</summary>
public sealed record LayerReport
{
    /// <summary>Step in the schedule, from 0.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required string Operator { get; init; }

    /// <summary>Name of the chosen kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>Shape of the first input.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<int>))]
    public required EquatableArray<int> InputShape { get; init; }

    [JsonConverter(typeof(EquatableArrayConverter<int>))]
    public required EquatableArray<int> OutputShape { get; init; }

    /// <summary>Output channels of the source that were dead and were removed.</summary>
    public int RemovedChannels { get; init; }

    /// <summary>Multiply-accumulates of the base layer.</summary>
    public required long Macs { get; init; }

    /// <summary>Bytes of the base layer's constants.</summary>
    public required int FlashBytes { get; init; }

    /// <summary>Bytes of arena in use while the layer runs.</summary>
    public required int RamBytes { get; init; }

    /// <summary>Bytes of those that are scratch.</summary>
    public required int ScratchBytes { get; init; }

    /// <summary>How each adapter that changes the layer does so.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<LayerAdapter>))]
    public required EquatableArray<LayerAdapter> AdapterModes { get; init; }
}

/// <summary>How an adapter changes a layer.</summary>
/// <param name="Adapter">Index of the adapter, from 1; 0 is the base alone.</param>
public sealed record LayerAdapter(int Adapter, [property: JsonConverter(typeof(AdapterModeConverter))] AdapterMode Mode);

/// <summary>One adapter.</summary>
public sealed record AdapterReport
{
    /// <summary>Index for <c>_adapter_select</c>, from 1.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the adapter's tensors file, lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What it was trained with: lora, dora, ia3, bitfit, batch-norm, layer-norm, sparse, replacement, tuned-weights, bottleneck, parallel, prefix, prompt; delta for an image.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<string>))]
    public required EquatableArray<string> Methods { get; init; }

    /// <summary>Bytes of its constants beside the base's.</summary>
    public required int FlashBytes { get; init; }

    /// <summary>How much larger the arena of base and this adapter alone is than the base's; tables and the choice among them take no RAM.</summary>
    public required int RamBytes { get; init; }

    /// <summary>Scratch memory over the base in the layer with the most of it; other buffers of the arena may hide it.</summary>
    public required int ScratchBytes { get; init; }

    /// <summary>Multiply-accumulates over the base, all layers.</summary>
    public required long ExtraMacs { get; init; }

    [JsonConverter(typeof(EquatableArrayConverter<AdapterLayerReport>))]
    public required EquatableArray<AdapterLayerReport> Layers { get; init; }

    /// <summary>The adapter's own network, where it adds nodes; absent for others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdapterProgramReport? Program { get; init; }
}

/// <summary>The network of an adapter that adds nodes.</summary>
/// <param name="ArenaBytes">Bytes of the arena that it needs; the firmware's arena fits every network.</param>
/// <param name="Macs">Multiply-accumulates of one inference.</param>
/// <param name="Layers">In the order of execution.</param>
public sealed record AdapterProgramReport(
    int ArenaBytes, long Macs, [property: JsonConverter(typeof(EquatableArrayConverter<LayerReport>))] EquatableArray<LayerReport> Layers);

/// <summary>An adapter's part for one layer.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Name">Name of the layer.</param>
/// <param name="FlashBytes">Bytes of the adapter's constants for it.</param>
/// <param name="ExtraMacs">Multiply-accumulates beyond the base layer's.</param>
/// <param name="Note">What is lost or worth knowing, for people; may be empty.</param>
public sealed record AdapterLayerReport(
    int Layer,
    string Name,
    [property: JsonConverter(typeof(AdapterModeConverter))] AdapterMode Mode,
    int FlashBytes,
    long ExtraMacs,
    string Note);

/// <summary>A diagnostic, with its severity in lower case.</summary>
public sealed record DiagnosticReport(string Code, string Severity, string Message, string Location, string Hint)
{
    public static DiagnosticReport From(Diagnostic diagnostic) => new(
        diagnostic.Code,
        diagnostic.Severity.ToString().ToLowerInvariant(),
        diagnostic.Message,
        diagnostic.Location,
        diagnostic.Hint);
}
