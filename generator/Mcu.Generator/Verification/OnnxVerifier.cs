using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Verification;

/// <summary>Compares the float reference with ONNX Runtime, tensor by tensor; one session for any number of samples.</summary>
public sealed class OnnxVerifier : IDisposable
{
    private readonly OnnxRuntimeExecutor executor;

    /// <param name="model">The file that the graphs were read from.</param>
    /// <param name="name">Its name, for diagnostics.</param>
    /// <exception cref="DiagnosticException">MCU1101: ONNX Runtime refuses the model.</exception>
    public OnnxVerifier(ReadOnlyMemory<byte> model, string name) =>
        executor = new OnnxRuntimeExecutor(model, everyTensor: true, name);

    /// <summary>
    /// Every activation of <paramref name="graph"/> that has a <see cref="TensorSource"/>, against ONNX Runtime's value
    /// of that tensor. Works for the graph as read and for the canonical one.
    /// </summary>
    /// <param name="graph">The graph as read, or a form of it.</param>
    /// <param name="inputs">A value per input of the file.</param>
    /// <exception cref="DiagnosticException">MCU1101: ONNX Runtime fails.</exception>
    public VerificationReport Verify(Graph graph, IReadOnlyDictionary<string, TensorValue> inputs) =>
        Compare(graph, inputs, executor.Run(inputs));

    /// <summary>As the instance's method, for one sample.</summary>
    /// <param name="model">The file that the graph was read from.</param>
    /// <param name="graph">The graph as read, or a form of it.</param>
    /// <param name="inputs">A value per input of the file.</param>
    /// <exception cref="DiagnosticException">MCU1101: ONNX Runtime refuses the model.</exception>
    public static VerificationReport Verify(ReadOnlyMemory<byte> model, Graph graph, IReadOnlyDictionary<string, TensorValue> inputs)
    {
        using var verifier = new OnnxVerifier(model, graph.Source.FileName);
        return verifier.Verify(graph, inputs);
    }

    public void Dispose() => executor.Dispose();

    /// <summary>Against reference values at hand, by source tensor name.</summary>
    public static VerificationReport Compare(Graph graph, IReadOnlyDictionary<string, TensorValue> inputs, IReadOnlyDictionary<string, TensorValue> reference)
    {
        Dictionary<string, TensorValue> values = FloatReference.Run(graph, inputs);
        var comparisons = new List<TensorComparison>();
        foreach (Node node in graph.Nodes)
        {
            foreach (string output in node.Outputs)
            {
                if (graph[output].Source is { } source && reference.TryGetValue(source.Name, out TensorValue? expected))
                {
                    comparisons.Add(TensorComparison.Of(node, output, source, values[output], expected));
                }
            }
        }

        return new VerificationReport(comparisons.ToEquatableArray());
    }

    /// <summary>
    /// Two float graphs of one network, as a TensorFlow Lite file and its ONNX twin: inputs and outputs are paired by
    /// position, and the outputs are compared, <paramref name="a"/> being the reference.
    /// </summary>
    /// <exception cref="DiagnosticException">MCU1102: the graphs differ in their inputs or outputs.</exception>
    public static VerificationReport CompareGraphs(Graph a, Graph b, IReadOnlyDictionary<string, TensorValue> inputsOfA)
    {
        Require(a, b, a.Inputs.Length == b.Inputs.Length && a.Outputs.Length == b.Outputs.Length, "the numbers of inputs or outputs differ");
        var inputsOfB = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        for (int i = 0; i < a.Inputs.Length; i++)
        {
            TensorValue value = inputsOfA[a.Inputs[i]];
            Require(a, b, value.Shape.Elements == b[b.Inputs[i]].Shape.Elements, $"input {i} has {value.Shape} and {b[b.Inputs[i]].Shape}");
            inputsOfB[b.Inputs[i]] = new TensorValue(b[b.Inputs[i]].Shape, value.Floats);
        }

        Dictionary<string, TensorValue> valuesOfA = FloatReference.Run(a, inputsOfA);
        Dictionary<string, TensorValue> valuesOfB = FloatReference.Run(b, inputsOfB);
        var comparisons = new List<TensorComparison>();
        for (int i = 0; i < a.Outputs.Length; i++)
        {
            TensorValue expected = valuesOfA[a.Outputs[i]];
            TensorValue actual = valuesOfB[b.Outputs[i]];
            comparisons.Add(TensorComparison.Of(b.ProducerOf(b.Outputs[i])!, b.Outputs[i], new TensorSource(a.Outputs[i], []), actual, expected));
        }

        return new VerificationReport(comparisons.ToEquatableArray());
    }

    private static void Require(Graph a, Graph b, bool condition, string what)
    {
        if (!condition)
        {
            throw new DiagnosticException("MCU1102", $"'{a.Source.FileName}' and '{b.Source.FileName}' cannot be compared: {what}.");
        }
    }
}
