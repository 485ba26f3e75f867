using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Builds the graph from a file's tables.</summary>
internal sealed class TfliteGraph(TfliteModel model, DiagnosticBag notes)
{
    private const int Listed = 20;

    private readonly TfliteTensors tensors = new(model, TfliteNames.Unique(model, notes));

    /// <summary>DEQUANTIZE operators on constants: their outputs are known now, so no node is left of them.</summary>
    private readonly HashSet<TfliteOperator> folded = new(ReferenceEqualityComparer.Instance);

    public Graph Build(ModelSource source)
    {
        CheckOperators();
        CheckWriters();
        DequantizeConstants();
        TfliteOperator[] operators = [.. model.Operators.Where(o => !folded.Contains(o))];
        Node[] nodes = [.. operators.Select(ImportNode)];
        CheckEnds();
        IEnumerable<int> used = operators.SelectMany(o => o.Outputs).Concat(model.Inputs).Concat(model.Outputs);
        HashSet<string> read = [.. nodes.SelectMany(n => n.Inputs).Where(i => i.Length > 0), .. used.Select(tensors.NameOf)];
        var all = ImmutableDictionary.CreateBuilder<string, Tensor>(StringComparer.Ordinal);
        foreach (TfliteTensor stored in model.Tensors.Where(t => read.Contains(tensors.NameOf(t.Index))))
        {
            all.Add(tensors.NameOf(stored.Index), tensors[stored.Index]);
        }

        return new Graph(
            source,
            EquatableArray.Wrap(nodes),
            all.ToImmutable(),
            model.Inputs.Select(tensors.NameOf).ToEquatableArray(),
            model.Outputs.Select(tensors.NameOf).ToEquatableArray());
    }

    /// <summary>One diagnostic for all operators that are not supported, before anything else is looked at.</summary>
    private void CheckOperators()
    {
        TfliteOperator[] unknown = [.. model.Operators.Where(o => TfliteImporters.Of(o.Code) is null).DistinctBy(o => o.Code.Name)];
        if (unknown.Length > 0)
        {
            string others = unknown.Length == 1 ? "" : $" (also {string.Join(", ", unknown.Skip(1).Take(Listed).Select(o => o.Code.Name))})";
            throw new DiagnosticException(
                "MCU0208",
                $"Operator {unknown[0].Code.Name}{others} is not supported.",
                $"{model.File.Name}: node {unknown[0].Index}",
                $"Supported: {TfliteImporters.Supported}.");
        }
    }

    /// <summary>An operator writes an activation of its own, which is no input of the graph.</summary>
    private void CheckWriters()
    {
        var written = new HashSet<int>(model.Inputs);
        foreach (TfliteOperator op in model.Operators)
        {
            foreach (int output in op.Outputs.Where(o => !written.Add(o) || tensors.Stored(o).IsConstant))
            {
                throw new DiagnosticException(
                    "MCU0229",
                    $"{op.Code.Name} writes '{Names.Short(tensors.NameOf(output))}', which is a constant, an input of the graph or another operator's output.",
                    $"{model.File.Name}: node {op.Index}",
                    "The file is damaged: export it again.");
            }
        }
    }

    /// <summary>
    /// Float graphs may store weights in int8 (dynamic range: read by a float operator) or in int8 or FLOAT16 before a
    /// DEQUANTIZE. Both become float constants.
    /// </summary>
    private void DequantizeConstants()
    {
        var targets = new HashSet<int>();
        foreach (TfliteOperator op in model.Operators)
        {
            if (op.Code.Builtin == TfliteSchema.DequantizeOperator && FoldableInput(op) is { } constant && targets.Add(op.Outputs[0]))
            {
                folded.Add(op);
                tensors.SetDequantized(op.Outputs[0], constant);
            }
            else if (IsDynamicRange(op) && targets.Add(op.Inputs[1]))
            {
                tensors.SetDequantized(op.Inputs[1], op.Inputs[1]);
            }
        }

        if (targets.Count > 0)
        {
            notes.Note("MCU0241", $"{targets.Count} constants are stored in reduced precision and were converted to float: {Names.List([.. targets.Select(tensors.NameOf)], Listed)}.", model.File.Name);
        }
    }

    private int? FoldableInput(TfliteOperator op) =>
        op.Inputs.Length == 1 && op.Outputs.Length == 1 && op.Inputs[0] is >= 0 and int input
        && tensors.Stored(input) is { IsConstant: true, Type: TfliteSchema.Int8 or TfliteSchema.Float16 }
        && tensors.Stored(op.Outputs[0]) is { IsConstant: false, Type: TfliteSchema.Float32 }
            ? input
            : null;

    private bool IsDynamicRange(TfliteOperator op) =>
        TfliteImporters.Of(op.Code) is { HasWeights: true }
        && op.Inputs.Length >= 2 && op.Inputs[0] >= 0 && op.Inputs[1] >= 0
        && tensors.Stored(op.Inputs[0]).Type == TfliteSchema.Float32
        && tensors.Stored(op.Inputs[1]) is { IsConstant: true, Type: TfliteSchema.Int8 };

    private Node ImportNode(TfliteOperator op)
    {
        TfliteImporter importer = TfliteImporters.Of(op.Code)!;
        var node = new TfliteNode(op, importer, tensors);
        node.CheckCounts();
        ImportedOperator imported = importer.Import(node);
        string[] inputs = [.. op.Inputs.Take(imported.Inputs).Select(i => i < 0 ? "" : tensors.NameOf(i))];
        string output = tensors.NameOf(op.Outputs[0]);
        return new Node(output, imported.Operator, EquatableArray.Wrap(inputs[..^(inputs[^1].Length == 0 ? 1 : 0)]), [output]);
    }

    /// <summary>The graph's inputs and outputs: activations, each once; a dynamic dimension is fixed at the stored size.</summary>
    private void CheckEnds()
    {
        foreach (int index in model.Inputs.Concat(model.Outputs))
        {
            Tensor tensor = tensors[index];
            Require(!tensor.IsConstant, "MCU0227", "An input or output of the graph is a constant.", tensor);
            Require(
                tensor.Type is DataType.Float32 or DataType.Int8,
                "MCU0211",
                $"An input or output of the graph has element type {tensor.Type}; FLOAT32 and INT8 are supported.",
                tensor,
                "Convert the model to float32, or to int8 with full integer quantisation.");
        }

        Require(model.Inputs.Distinct().Count() == model.Inputs.Length && model.Outputs.Distinct().Count() == model.Outputs.Length, "MCU0227", "The graph lists an input or output twice.", null);
        foreach (TfliteTensor input in model.Inputs.Select(tensors.Stored))
        {
            FixDynamic(input);
        }
    }

    private void FixDynamic(TfliteTensor input)
    {
        if (!input.Signature.Contains(-1) || input.Signature.Length != input.Dims.Length || input.Dims.Length == 0)
        {
            return;
        }

        Tensor tensor = tensors[input.Index];
        Require(input.Signature[0] != -1 || input.Dims[0] == 1, "MCU0213", $"The batch dimension of {tensor.Shape} is dynamic and not 1.", tensor);
        notes.Note("MCU0240", $"Dynamic dimensions [{string.Join(", ", input.Signature)}] are fixed at {tensor.Shape}.", $"{model.File.Name}: tensor '{tensor.Name}'");
    }

    private void Require(bool condition, string code, string message, Tensor? tensor, string hint = "Convert the model again with fixed shapes and distinct inputs and outputs.")
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, tensor is null ? model.File.Name : $"{model.File.Name}: tensor '{Names.Short(tensor.Name)}'", hint);
        }
    }
}
