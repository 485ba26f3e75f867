using System.CommandLine;
using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Selection;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu select</c>: the best part of a large delta under a byte budget, as a delta image.</summary>
internal sealed class SelectCommand : ToolCommand
{
    /// <summary>Samples that activations are measured on; more change the order of changes little.</summary>
    private const int StatisticsSamples = 64;

    private readonly Argument<string> model = new("BASE") { Description = "Base model, .tflite or .onnx." };

    private readonly Option<long?> budget = new("--budget")
    {
        Description = "Bytes that the image may take, unsigned; K and M may follow the number.",
        HelpName = "N",
        CustomParser = ByteCount.Parse,
        Required = true,
    };

    private readonly Option<string> output = new("--output", "-o") { Description = "Delta image to write.", HelpName = "FILE", Required = true };

    private readonly Option<Importance?> importance = new("--importance")
    {
        Description = "Worth of a change: its size (magnitude), what int8 keeps of it in output steps (quantised), or that weighted by its "
            + "input on --data and by how far its output channel moves there (activation). Default: activation with data, else quantised.",
        HelpName = "magnitude|quantised|activation",
    };

    private readonly Option<SelectionStructure> structure = Choice.Of(
        "--structure",
        "Which changes stand or fall together: each weight on its own, or all of an output",
        ("free", SelectionStructure.Free),
        ("rows", SelectionStructure.Rows));

    private readonly Option<bool> noBiases = new("--no-biases") { Description = "Keep changed weights only." };

    private readonly Option<uint> id = new("--id") { Description = "Number of the product's own choosing (default 0).", HelpName = "N" };

    private readonly Option<uint> version = new("--delta-version") { Description = "Version of the delta (default 1).", HelpName = "N", DefaultValueFactory = _ => 1 };

    private readonly DataOptions data = new(isRequired: false);
    private readonly ModelOptions options = new();

    public SelectCommand(GlobalOptions global)
        : base(
            "select",
            "Keep the best part of a large delta under a byte budget, and show accuracy against bytes.",
            global,
            new Example("mcu select kws_int8.tflite --adapter lora --budget 640 -o small.mcud", "640 bytes of what the adapter changes."),
            new Example(
                "mcu select kws.onnx --calibration samples.npy --adapter lora --budget 1K --data domain.npy --labels labels.csv -o small.mcud",
                "Weighted by the activations on data, with the accuracy of the int8 network."))
    {
        Arguments.Add(model);
        foreach (Option option in new Option[] { budget, output, importance, structure, noBiases, id, version })
        {
            Options.Add(option);
        }

        data.AddTo(this);
        options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string place = parse.GetRequiredValue(output);
        SelectDocument document = await WorkDisplay.RunAsync(context, "select", stage => Task.Run(() => SelectAsync(parse, context, place, stage, cancellation), cancellation));
        context.Result(document, console => Print(console, document));
        return ExitCode.Ok;
    }

    private async Task<SelectDocument> SelectAsync(ParseResult parse, CommandContext context, string place, Action<string> stage, CancellationToken cancellation)
    {
        CompileOptions compile = options.Read(parse, context, parse.GetRequiredValue(model));
        SelectionInput input = SelectionInput.Prepare(compile, context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation);
        (byte[] samples, IReadOnlyList<int>? classes) = ReadData(parse, input);
        SelectionOptions wanted = WantedOf(parse, input, samples.Length > 0);
        stage("measure activations");
        DeltaSelector selector = Selector(input, wanted, samples, cancellation);
        SelectedDelta chosen = selector.Select();
        byte[] image = input.Pack(chosen, new DeltaNumbers(parse.GetValue(id), parse.GetValue(version), 0, wanted.SelfTests));
        IReadOnlyList<SelectionPoint> curve = await SelectionCurve.MeasureAsync(input, selector, chosen, samples, classes, stage, cancellation);
        cancellation.ThrowIfCancellationRequested();
        AtomicFile.Write(place, image);
        return SelectDocument.Of(input, wanted, chosen, image.Length, curve, place);
    }

    private SelectionOptions WantedOf(ParseResult parse, SelectionInput input, bool hasData)
    {
        Importance chosen = parse.GetValue(importance) ?? (hasData ? Importance.Activation : Importance.Quantised);
        if (chosen == Importance.Activation && !hasData)
        {
            throw new DiagnosticException("MCU1303", "Importance by activation needs samples.", "--importance", "Give --data, or choose quantised or magnitude.");
        }

        int bytes = (int)Math.Min(int.MaxValue, parse.GetValue(budget)!.Value);
        return new SelectionOptions(bytes, chosen, parse.GetValue(structure), input.Abi.Packing, SelfTests: 1, !parse.GetValue(noBiases));
    }

    private static DeltaSelector Selector(SelectionInput input, SelectionOptions wanted, byte[] samples, CancellationToken cancellation)
    {
        if (wanted.Importance != Importance.Activation)
        {
            return new DeltaSelector(input.Changes, input.Abi.Slots.Length, wanted);
        }

        var plain = new DeltaSelector(input.Changes, input.Abi.Slots.Length, wanted with { Importance = Importance.Quantised });
        Tensor port = input.Abi.Model.Graph[input.Abi.Model.Graph.Inputs[0]];
        int size = SampleBytes.Of(port);
        TensorValue[] values = [.. samples.Chunk(size).Take(StatisticsSamples).Select(s => SampleBytes.ToValue(s, port))];
        var statistics = ActivationStatistics.Measure(input.With(plain.All()), input.Changes, values, cancellation);
        return new DeltaSelector(input.Changes, input.Abi.Slots.Length, wanted, statistics);
    }

    private (byte[] Samples, IReadOnlyList<int>? Classes) ReadData(ParseResult parse, SelectionInput input)
    {
        Quantization? quantization = data.Quantization(parse);
        IReadOnlyList<int>? classes = data.Labels(parse);
        if (data.Path(parse) is not { } path)
        {
            return classes is null
                ? ([], null)
                : throw new DiagnosticException("MCU1304", "Labels without samples say nothing.", "--labels", "Give --data too.");
        }

        Tensor given = input.Loaded.AsRead[input.Loaded.AsRead.Inputs[0]];
        Tensor port = input.Abi.Model.Graph[input.Abi.Model.Graph.Inputs[0]];
        IReadOnlyList<TensorValue> values = SampleFile.Read(path, given.Shape, quantization is null ? given.Type : DataType.Int8, given.Name);
        Evaluator.CheckLabels(classes ?? new int[values.Count], values.Count, input.Abi.Model.Graph[input.Abi.Model.Graph.Outputs[0]].Shape.Elements);
        return (SampleConversion.ToInput(values, quantization, port), classes);
    }

    private static void Print(IAnsiConsole console, SelectDocument document)
    {
        Table table = Tables.Create("bytes", "weights", "biases", "accuracy", "agreement", "").Right(0, 1, 2, 3, 4);
        foreach (SelectionPoint point in document.Curve)
        {
            table.AddRow(
                point.Bytes == 0 ? "base" : Number(point.Bytes) + (point.IsChosen ? " *" : "  "),
                Number(point.Weights),
                Number(point.Biases),
                Percent(point.Accuracy),
                Percent(point.Agreement),
                Bar(point.Accuracy ?? point.Agreement));
        }

        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{document.Adapter}: {document.Changed:N0} int8 weights change, {document.RoundedAway:N0} round away"));
        console.Write(table);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"* kept {document.Weights:N0} weights and {document.Biases} biases by {document.Importance}: {document.Bytes:N0} bytes in {document.OutputFile}"));
    }

    private static string Bar(double? share) => share is { } value ? new string('#', (int)Math.Round(value * 40)) : "";

    private static string Percent(double? share) => share is { } value ? (value * 100).ToString("F1", CultureInfo.InvariantCulture) + " %" : "";

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>JSON of <c>mcu select</c>; docs/schemas/select.schema.json.</summary>
/// <param name="Bytes">Size of the image written.</param>
/// <param name="Weights">Changed weights in it.</param>
/// <param name="Biases">Layers with another bias in it.</param>
/// <param name="Changed">Int8 weights that the whole adapter changes.</param>
/// <param name="RoundedAway">Weights whose change is below half an int8 step.</param>
internal sealed record SelectDocument(
    string Model,
    string Adapter,
    string Importance,
    string Structure,
    int BudgetBytes,
    int Bytes,
    int Weights,
    int Biases,
    int Changed,
    int RoundedAway,
    IReadOnlyList<SelectedLayer> Layers,
    IReadOnlyList<SelectionPoint> Curve,
    string OutputFile)
{
    public static SelectDocument Of(SelectionInput input, SelectionOptions options, SelectedDelta chosen, int bytes, IReadOnlyList<SelectionPoint> curve, string file) => new(
        input.Loaded.AsRead.Source.FileName,
        input.Tuned.Name,
        Word(options.Importance),
        Word(options.Structure),
        options.BudgetBytes,
        bytes,
        chosen.Weights,
        chosen.Biases,
        input.Changes.Sum(c => c.Weights.Length),
        input.Changes.Sum(c => c.RoundedAway),
        [.. chosen.Layers.Select(l => new SelectedLayer(l.Change.NodeName, l.Weights.Length, l.Change.Weights.Length, l.KeepsBias))],
        curve,
        file);

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>What is kept of one layer.</summary>
internal sealed record SelectedLayer(string Name, int Weights, int Changed, bool KeepsBias);
