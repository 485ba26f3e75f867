using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Operators;
using Mcu.Generator.Passes;

namespace Mcu.Generator.Adapters;

/// <summary>
/// A fine-tuned model given as an adapter of its base: the two files must hold the same network, and what differs in the constants of
/// its layers is the adapter.
/// </summary>
public sealed class TunedModel
{
    private readonly string file;
    private readonly Graph graph;
    private readonly Graph tuned;

    /// <summary>Tensor of the tuned model for each of the base.</summary>
    private readonly Dictionary<string, string> twins = new(StringComparer.Ordinal);

    private TunedModel(string file, Graph graph, Graph tuned) => (this.file, this.graph, this.tuned) = (file, graph, tuned);

    /// <summary>Whether a path is a model file and not an adapter.</summary>
    public static bool IsNamed(string path) =>
        File.Exists(path) && Path.GetExtension(path).ToUpperInvariant() is ".ONNX" or ".TFLITE";

    /// <summary>The difference as an adapter. Throws MCU0515 and MCU0516 where it is none, and what reading a model throws.</summary>
    /// <param name="graph">The base in canonical form.</param>
    public static BoundAdapter Read(string path, Graph graph, DiagnosticBag notes)
    {
        Graph tuned = StandardPasses.Canonicalise(ModelReader.ReadFile(path, notes), new DiagnosticBag());
        EquatableArray<BoundPatch> patches = new TunedModel(Path.GetFileName(path), graph, tuned).Patches(notes).ToEquatableArray();
        return patches.Length > 0
            ? new BoundAdapter(Path.GetFileNameWithoutExtension(path), tuned.Source.Sha256, patches)
            : throw new DiagnosticException("MCU0516", "The model differs from the base in no weight and no bias.", Path.GetFileName(path), "Give the fine-tuned model.");
    }

    private List<BoundPatch> Patches(DiagnosticBag notes)
    {
        CheckInterface();
        var patches = new List<BoundPatch>();
        bool rescaled = false;
        foreach ((Node node, Node twin) in graph.Nodes.Zip(tuned.Nodes))
        {
            CheckNode(node, twin);
            patches.AddRange(Changes(node, twin));
            rescaled |= graph[node.Output].Quantization != tuned[twin.Output].Quantization;
        }

        if (rescaled)
        {
            notes.Warn("MCU0517", "The tuned model's activations have other scales than the base's; the base's are kept, and weights and biases are brought to them.", file);
        }

        return patches;
    }

    private void CheckInterface()
    {
        if (graph.IsInt8 != tuned.IsInt8)
        {
            throw Differs($"the base is {Kind(graph)} and the tuned model {Kind(tuned)}");
        }

        if (graph.Inputs.Length != tuned.Inputs.Length || graph.Outputs.Length != tuned.Outputs.Length)
        {
            throw Differs("they have other numbers of inputs or outputs");
        }

        foreach ((string input, string twin) in graph.Inputs.Zip(tuned.Inputs))
        {
            Pair(input, twin, "the input");
        }

        if (graph.Nodes.Length != tuned.Nodes.Length)
        {
            int first = graph.Nodes.Zip(tuned.Nodes).TakeWhile(p => p.First.Operator.GetType() == p.Second.Operator.GetType()).Count();
            throw Differs($"the base has {graph.Nodes.Length} nodes and the tuned model {tuned.Nodes.Length}, the first {first} of one kind");
        }
    }

    private void CheckNode(Node node, Node twin)
    {
        if (node.Operator != twin.Operator)
        {
            throw Differs($"node '{Names.Short(node.Name)}' of the base is {node.Operator}, '{Names.Short(twin.Name)}' of the tuned model {twin.Operator}");
        }

        if (node.Inputs.Length != twin.Inputs.Length && !IsLinear(node))
        {
            throw Differs($"node '{Names.Short(node.Name)}' has {node.Inputs.Length} inputs in the base and {twin.Inputs.Length} in the tuned model");
        }

        for (int i = 0; i < Math.Min(node.Inputs.Length, twin.Inputs.Length); i++)
        {
            CheckInput(node, twin, i);
        }

        Pair(node.Output, twin.Output, $"the output of node '{Names.Short(node.Name)}'");
    }

    private void CheckInput(Node node, Node twin, int index)
    {
        (Tensor? a, Tensor? b) = (graph.InputOf(node, index), tuned.InputOf(twin, index));
        if ((a is { IsConstant: false } || b is { IsConstant: false }) && (a is null || b is null || twins.GetValueOrDefault(a.Name) != b.Name))
        {
            throw Differs($"input {index} of node '{Names.Short(node.Name)}' comes from another node in the tuned model");
        }

        if (a is not null && b is not null && a.Shape != b.Shape)
        {
            throw Differs($"'{Names.Short(a.Name)}' of node '{Names.Short(node.Name)}' is {a.Shape} in the base and {b.Shape} in the tuned model");
        }

        bool carried = (IsLinear(node) || node.Operator is LayerNormalization) && index is 1 or 2;
        if (a is { IsConstant: true } && b is { IsConstant: true } && !carried && a.Data != b.Data)
        {
            throw Differs($"the constant '{Names.Short(a.Name)}' of node '{Names.Short(node.Name)}' differs, which no adapter can hold");
        }
    }

    private void Pair(string a, string b, string what)
    {
        if (graph[a].Shape != tuned[b].Shape || graph[a].Type != tuned[b].Type)
        {
            throw Differs($"{what} is {graph[a].Type} {graph[a].Shape} in the base and {tuned[b].Type} {tuned[b].Shape} in the tuned model");
        }

        twins[a] = b;
    }

    private IEnumerable<BoundPatch> Changes(Node node, Node twin)
    {
        if (node.Operator is LayerNormalization)
        {
            (EquatableArray<float>? gamma, EquatableArray<float>? beta) = (ChangedVector(node, twin, 1), ChangedVector(node, twin, 2));
            return gamma is null && beta is null ? [] : [new NormPatch(node.Name, twin.Name, gamma, beta)];
        }

        return IsLinear(node) ? Linear(node, twin) : [];
    }

    private IEnumerable<BoundPatch> Linear(Node node, Node twin)
    {
        (Tensor a, Tensor b) = (graph.InputOf(node, 1)!, tuned.InputOf(twin, 1)!);
        bool sameScales = a.Quantization == b.Quantization;
        if (a.Data != b.Data || !sameScales)
        {
            yield return new WeightPatch(node.Name, twin.Name, Real(b)) { IsTuned = true, Quantised = b.Data is Int8Data data ? (data.Values, Scales(b)) : null };
        }

        (Tensor? before, Tensor? after) = (graph.InputOf(node, 2), tuned.InputOf(twin, 2));
        bool sameInput = graph[node.Inputs[0]].Quantization == tuned[twin.Inputs[0]].Quantization;
        if (before?.Data != after?.Data || (after?.Data is Int32Data && !(sameScales && sameInput)))
        {
            int outputs = graph[node.Output].Shape[-1];
            yield return new BiasPatch(node.Name, twin.Name, after is null ? EquatableArray.Wrap(new float[outputs]) : RealBias(after, b, tuned[twin.Inputs[0]]));
        }
    }

    private EquatableArray<float>? ChangedVector(Node node, Node twin, int input)
    {
        (Tensor? a, Tensor? b) = (graph.InputOf(node, input), tuned.InputOf(twin, input));
        return a?.Data == b?.Data ? null : b is null ? EquatableArray.Wrap(new float[a!.Shape[0]]) : Real(b);
    }

    private static EquatableArray<float> Real(Tensor tensor)
    {
        if (tensor.Data is not Int8Data data)
        {
            return ((FloatData)tensor.Data!).Values;
        }

        float[] scales = [.. Scales(tensor)];
        bool innermost = tensor.Quantization is { IsPerChannel: true, Axis: > 0 };
        return data.Values.Select((q, i) => q * scales[Calibration.WeightQuantizer.ChannelOf(i, data.Length, scales.Length, innermost)]).ToEquatableArray();
    }

    private static EquatableArray<float> RealBias(Tensor bias, Tensor weights, Tensor input) => bias.Data is Int32Data data
        ? data.Values.Select((b, o) => (float)((double)b * input.Quantization!.Scale * weights.Quantization!.ScaleOf(o))).ToEquatableArray()
        : ((FloatData)bias.Data!).Values;

    private static EquatableArray<float> Scales(Tensor tensor) => tensor.Quantization!.Scales;

    private static bool IsLinear(Node node) => node.Operator is Conv2D or DepthwiseConv2D or FullyConnected;

    private static string Kind(Graph g) => g.IsInt8 ? "int8" : "float";

    private DiagnosticException Differs(string what) => new(
        "MCU0515", $"The tuned model is not the base with other weights: {what}.", file, "Fine-tune and export the very network of the base; only weights and biases may differ.");
}
