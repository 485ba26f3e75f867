using System.Collections.Immutable;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Operators;

/// <summary>One node with float inputs of given shapes, to ask its room.</summary>
internal static class RoomRunner
{
    public static NodeView View(Operator op, int[][] inputs)
    {
        string[] names = [.. inputs.Select((_, i) => $"i{i}")];
        IEnumerable<Tensor> tensors = inputs.Select((shape, i) => new Tensor(names[i], DataType.Float32, new Shape(shape)));
        var graph = new Graph(
            new ModelSource("t", SourceFormat.Onnx, ""),
            [],
            tensors.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal),
            names.ToEquatableArray(),
            ["y"]);
        return new NodeView(graph, new Node("n", op, names.ToEquatableArray(), ["y"]));
    }

    public static float[] Run(Operator op, params (int[] Shape, float[] Values)[] inputs)
    {
        NodeView view = View(op, [.. inputs.Select(i => i.Shape)]);
        OperatorRoom room = OperatorCatalog.RoomOf(op);
        Shape shape = room.Infer(view)[0].Shape;
        var run = new NodeRun(view, [.. inputs.Select(i => new TensorValue(new Shape(i.Shape), i.Values))], [TensorValue.Create(DataType.Float32, shape)]);
        room.RunFloat(run);
        return run.Output.Floats;
    }
}
