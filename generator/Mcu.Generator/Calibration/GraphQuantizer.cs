using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Calibration;

/// <summary>Turns a canonical float graph into an int8 graph under the TensorFlow Lite 8-bit specification.</summary>
public static class GraphQuantizer
{
    /// <param name="graph">Canonical float graph (NHWC, activations fused).</param>
    /// <param name="ranges">Range of every activation.</param>
    public static Graph Quantize(Graph graph, IReadOnlyDictionary<string, ActivationRange> ranges)
    {
        var quantised = new QuantizedTensors();
        foreach (string input in graph.Inputs)
        {
            quantised.Add(Activation(graph[input], WeightQuantizer.Activation(ranges[input])));
        }

        var nodes = new List<Node>();
        foreach (Node node in graph.Nodes)
        {
            var view = new NodeView(graph, node);
            quantised.Add(Activation(graph[node.Output], OutputParameters(view, quantised, ranges)));
            nodes.Add(ConstantQuantizer.Quantize(view, quantised));
        }

        return GraphValidator.Validate(graph.With(nodes, quantised.All));
    }

    /// <summary>Whether an operator only moves or compares values.</summary>
    public static bool KeepsQuantization(Operator op) => op is AveragePool2D or MaxPool2D or Reshape or Transpose or Pad or Identity;

    private static Tensor Activation(Tensor tensor, Quantization parameters) =>
        tensor with { Type = DataType.Int8, Quantization = parameters };

    /// <summary>The specification fixes some outputs: softmax's range, and whatever only moves or compares values.</summary>
    private static Quantization OutputParameters(NodeView view, QuantizedTensors quantised, IReadOnlyDictionary<string, ActivationRange> ranges) =>
        view.Node.Operator switch
        {
            Softmax => Probabilities(view, ranges[view.Node.Output]),
            _ when KeepsQuantization(view.Node.Operator) => quantised.Parameters(view.Node.Inputs[0]),
            Mul when ScaledBy(view) is { } by => Scaled(quantised.Parameters(by.Input), by.Factor),
            Conv2D or DepthwiseConv2D or FullyConnected or BatchMatMul or Add or Mul or Mean or Clamp or Gelu or LayerNormalization or Concat
                => WeightQuantizer.Activation(ranges[view.Node.Output]),
            _ => throw view.Error("MCU0711", "the operator cannot be quantised"),
        };

    /// <summary>
    /// The specification's scale is 1/256. Weights of attention, which only products read, are often all small: they get the
    /// smallest power of two that holds the largest one seen.
    /// </summary>
    private static Quantization Probabilities(NodeView view, ActivationRange range)
    {
        string output = view.Node.Output;
        bool isAttention = !view.Graph.Outputs.Contains(output) && view.Graph.ConsumersOf(output).All(n => n.Operator is BatchMatMul);
        int bits = SoftmaxLayer.UsualBits;
        while (isAttention && bits < SoftmaxLayer.MostBits && MathF.ScaleB(range.Max, bits + 1) <= byte.MaxValue)
        {
            bits++;
        }

        return new Quantization(MathF.ScaleB(1, -bits), sbyte.MinValue);
    }

    /// <summary>
    /// A product with one positive constant changes the scale alone: with the output's scale chosen so, every byte stays as it
    /// is and no kernel runs.
    /// </summary>
    private static (string Input, float Factor)? ScaledBy(NodeView view)
    {
        int constant = view.Input(0).IsConstant ? 0 : 1;
        return view.Node.Operator is Mul { Activation.IsNone: true }
            && view.Input(constant) is { Data: FloatData { Length: 1 } data }
            && view.Input(1 - constant).Shape == view.Output.Shape
            && data.Values[0] > 0
            ? (view.Node.Inputs[1 - constant], data.Values[0])
            : null;
    }

    private static Quantization Scaled(Quantization parameters, float factor) =>
        new(parameters.Scale * factor, parameters.ZeroPoint);
}
