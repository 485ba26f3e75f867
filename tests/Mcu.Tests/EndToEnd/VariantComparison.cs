using Mcu.Emulation.Evaluation;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.EndToEnd;

/// <summary>How the outputs of two forms of one layer differ.</summary>
internal static class VariantComparison
{
    public static double WithinOneStep(Int8Model model, byte[] samples, string node, int adapter, LinearLayer a, LinearLayer b) =>
        Of(model, samples, node, adapter, a, b).Close;

    /// <summary>Runs one layer in two forms on the activations that the adapted network gives it.</summary>
    public static (double Equal, double Close) Of(Int8Model model, byte[] samples, string nodeName, int adapter, LinearLayer a, LinearLayer b)
    {
        Graph graph = model.Graph;
        Node node = graph.Nodes.First(n => n.Name == nodeName);
        var room = (IInt8Room)OperatorCatalog.RoomOf(node.Operator);
        Tensor input = graph[graph.Inputs[0]];
        int size = SampleBytes.Of(input);
        (int equal, int close, int total) = (0, 0, 0);
        for (int i = 0; i < samples.Length / size; i++)
        {
            var inputs = new Dictionary<string, TensorValue> { [input.Name] = SampleBytes.ToValue(samples.AsSpan(i * size, size), input) };
            TensorValue x = Int8Reference.Run(model, inputs, adapter)[node.Inputs[0]];
            sbyte[] left = RunLayer(room, graph, node, x, a);
            sbyte[] right = RunLayer(room, graph, node, x, b);
            total += left.Length;
            equal += left.Zip(right).Count(p => p.First == p.Second);
            close += left.Zip(right).Count(p => Math.Abs(p.First - p.Second) <= 1);
        }

        return ((double)equal / total, (double)close / total);
    }

    private static sbyte[] RunLayer(IInt8Room room, Graph graph, Node node, TensorValue x, LinearLayer layer)
    {
        var run = new NodeRun(new NodeView(graph, node), [x], [TensorValue.Create(DataType.Int8, graph[node.Output].Shape)]);
        room.RunInt8(run, layer);
        return run.Output.Int8;
    }
}
