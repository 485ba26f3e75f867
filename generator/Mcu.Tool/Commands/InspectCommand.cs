using System.CommandLine;
using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Inspection;
using Mcu.Generator.Passes;
using Mcu.Tool.Cli;
using Mcu.Tool.Commands.Deltas;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu inspect</c>: what a file or folder holds.</summary>
internal sealed class InspectCommand : ToolCommand
{
    private readonly Argument<string> path = new("PATH")
    {
        Description = "A model (.tflite, .onnx), a delta image (.mcud), an HF PEFT adapter folder, or a folder that 'mcu compile' wrote.",
    };

    private readonly Option<GraphLoraMode> graphLora = ModelOptions.GraphLora();

    public InspectCommand(GlobalOptions global)
        : base(
            "inspect",
            "Show what a model, a delta image, an adapter folder or a compiled folder holds.",
            global,
            new Example("mcu inspect kws.onnx", "Inputs, outputs and every layer with shapes, MACs and the names that adapters bind to."),
            new Example("mcu inspect adapters/factory", "Modules, ranks and shapes of an adapter."),
            new Example("mcu inspect cct_lora.onnx --graph-lora lift", "The base without the LoRA branches of its graph, and those as an adapter."))
    {
        Arguments.Add(path);
        Options.Add(graphLora);
    }

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string what = parse.GetRequiredValue(path);
        if (DeltaFile.IsNamed(what))
        {
            DeltaSummary delta = DeltaSummary.Of(DeltaFile.Load(what), null);
            context.Result(new InspectDocument("delta") { Delta = delta }, console => DeltaPrinter.Print(console, delta));
            return Task.FromResult(ExitCode.Ok);
        }

        if (File.Exists(what) && Path.GetExtension(what).ToUpperInvariant() is ".NPZ" or ".ONNX_ADAPTER")
        {
            AdapterSummary named = AdapterSummary.Of(AdapterReader.Read(what, context.Notes));
            context.Result(new InspectDocument("adapter") { Adapter = named }, console => Print(console, named));
            return Task.FromResult(ExitCode.Ok);
        }

        if (!Directory.Exists(what))
        {
            InspectModel(what, parse.GetValue(graphLora), context);
            return Task.FromResult(ExitCode.Ok);
        }

        ModelOptions.RefuseFor(graphLora, parse, what);
        if (File.Exists(Path.Combine(what, EmittedManifest.FileName)))
        {
            EmittedManifest manifest = EmittedManifest.Load(what);
            CompiledSummary compiled = CompiledSummary.Of(manifest);
            context.Result(new InspectDocument("compiled") { Compiled = compiled }, console => Print(console, compiled));
        }
        else
        {
            AdapterSummary adapter = AdapterSummary.Of(PeftReader.ReadFolder(what, context.Notes));
            context.Result(new InspectDocument("adapter") { Adapter = adapter }, console => Print(console, adapter));
        }

        return Task.FromResult(ExitCode.Ok);
    }

    /// <summary>The model as read; with LoRA branches merged or lifted, the form that the compiler goes on with.</summary>
    private static void InspectModel(string file, GraphLoraMode mode, CommandContext context)
    {
        Graph read = ModelReader.ReadFile(file, context.Notes);
        CanonicalForm form = mode == GraphLoraMode.Run ? new CanonicalForm(read, null) : StandardPasses.Canonicalise(read, mode, context.Notes);
        ModelSummary model = ModelSummary.Of(form.Graph);
        AdapterSummary? lifted = form.Lifted is null ? null : AdapterSummary.Of(form.Lifted);
        context.Result(new InspectDocument("model") { Model = model, Adapter = lifted }, console =>
        {
            Print(console, model);
            if (lifted is not null)
            {
                console.WriteLine();
                Print(console, lifted);
            }
        });
    }

    private static void Print(IAnsiConsole console, ModelSummary model)
    {
        console.WriteLine($"{Printable.Text(model.File)}: {model.Format}, {(model.Int8 ? "int8" : "float")}, {model.Nodes.Count} nodes, {Measurements.Number(model.Macs)} MACs, {Measurements.Number(model.Parameters)} parameters");
        console.WriteLine($"sha256 {model.Sha256}");
        PrintPorts(console, "input", model.Inputs);
        PrintPorts(console, "output", model.Outputs);
        Table table = Tables.Create("node", "operator", "input", "output", "type", "MACs", "parameters", "weights").Right(5, 6);
        foreach (NodeSummary node in model.Nodes)
        {
            table.AddRow(
                Text(node.Name), node.Operator, Shape(node.InputShape), Shape(node.OutputShape), node.OutputType, Measurements.Number(node.Macs), Measurements.Number(node.Parameters), Text(node.Weights));
        }

        console.Write(table);
    }

    private static void PrintPorts(IAnsiConsole console, string what, IEnumerable<TensorSummary> ports)
    {
        foreach (TensorSummary port in ports)
        {
            string quantization = port.Scale is null ? "" : string.Create(CultureInfo.InvariantCulture, $", scale {port.Scale}, zero point {port.ZeroPoint}");
            console.WriteLine($"{what} '{Printable.Text(port.Name)}': {port.Type} {string.Join('x', port.Shape)}{quantization}");
        }
    }

    private static void Print(IAnsiConsole console, AdapterSummary adapter)
    {
        console.WriteLine($"{Printable.Text(adapter.Name)}: {adapter.Modules.Count} modules, {Measurements.Number(adapter.Parameters)} parameters");
        console.WriteLine($"sha256 {adapter.Sha256}");
        Table table = Tables.Create("module", "rank", "scale", "A", "B", "bias", "whole weight", "parameters").Right(1, 2, 7);
        foreach (ModuleSummary module in adapter.Modules)
        {
            table.AddRow(
                Text(module.Module),
                module.Rank?.ToString(CultureInfo.InvariantCulture) ?? "",
                module.Scale?.ToString("G6", CultureInfo.InvariantCulture) ?? "",
                Shape(module.A),
                Shape(module.B),
                module.Bias ? "replaced" : "",
                module.SavedWeight ? "replaced" : "",
                Measurements.Number(module.Parameters));
        }

        console.Write(table);
    }

    private static void Print(IAnsiConsole console, CompiledSummary compiled)
    {
        console.WriteLine($"{Printable.Text(compiled.Name)} for {Printable.Text(compiled.Target)}: {compiled.Layers} layers, arena {Measurements.Number(compiled.ArenaBytes)} bytes, weights {Measurements.Number(compiled.WeightBytes)}, adapters {Measurements.Number(compiled.AdapterBytes)}");
        console.WriteLine($"base sha256 {compiled.ModelSha256}");
        for (int i = 0; i < compiled.Adapters.Count; i++)
        {
            console.WriteLine($"adapter {i}: {Printable.Text(compiled.Adapters[i])}");
        }
    }

    private static string Text(string name) => Markup.Escape(Printable.Text(name));

    private static string Shape(IReadOnlyList<int>? dims) => dims is null ? "" : string.Join('x', dims);

    private sealed record InspectDocument(string Kind)
    {
        public ModelSummary? Model { get; init; }

        public AdapterSummary? Adapter { get; init; }

        public CompiledSummary? Compiled { get; init; }

        public DeltaSummary? Delta { get; init; }
    }

    /// <summary>A compiled folder in words.</summary>
    /// <param name="Adapters">Names by index; index 0 is the base alone.</param>
    private sealed record CompiledSummary(
        string Name, string Prefix, string Target, string ToolVersion, string ModelSha256, int Layers, int ArenaBytes, int WeightBytes, int AdapterBytes, IReadOnlyList<string> Adapters)
    {
        public static CompiledSummary Of(EmittedManifest manifest) => new(
            manifest.Name,
            manifest.Prefix,
            manifest.Target,
            manifest.ToolVersion,
            manifest.ModelSha256,
            manifest.Layers.Length,
            manifest.ArenaBytes,
            manifest.WeightBytes,
            manifest.AdapterBytes,
            [.. manifest.Adapters.Select(adapter => adapter.Name)]);
    }
}
