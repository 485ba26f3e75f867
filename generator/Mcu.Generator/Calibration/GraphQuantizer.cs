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
        var quantised = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (string input in graph.Inputs)
        {
            quantised[input] = Activation(graph[input], WeightQuantizer.Activation(ranges[input]));
        }

        foreach (Node node in graph.Nodes)
        {
            var view = new NodeView(graph, node);
            Quantization parameters = OutputParameters(view, quantised, ranges);
            quantised[node.Output] = Activation(graph[node.Output], parameters);
            QuantizeConstants(view, quantised);
        }

        return GraphValidator.Validate(graph with { Tensors = graph.Tensors.SetItems(quantised.Select(t => KeyValuePair.Create(t.Key, t.Value))) });
    }

    private static Tensor Activation(Tensor tensor, Quantization parameters) =>
        tensor with { Type = DataType.Int8, Quantization = parameters };

    /// <summary>The specification fixes some outputs: softmax's range, and whatever only moves or compares values.</summary>
    private static Quantization OutputParameters(NodeView view, Dictionary<string, Tensor> quantised, IReadOnlyDictionary<string, ActivationRange> ranges) =>
        view.Node.Operator switch
        {
            Softmax => new Quantization(1f / 256, -128),
            AveragePool2D or MaxPool2D or Reshape or Transpose or Pad or Identity => quantised[view.Node.Inputs[0]].Quantization!,
            Conv2D or DepthwiseConv2D or FullyConnected or Add or Mean or Clamp => WeightQuantizer.Activation(ranges[view.Node.Output]),
            _ => throw view.Error("MCU0711", "the operator cannot be quantised"),
        };

    private static void QuantizeConstants(NodeView view, Dictionary<string, Tensor> quantised)
    {
        if (view.Node.Operator is not (Conv2D or DepthwiseConv2D or FullyConnected))
        {
            return;
        }

        Tensor weights = view.Input(1);
        view.Require(weights.Data is FloatData, "MCU0714", $"weights '{weights.Name}' are not constant");
        if (quantised.ContainsKey(weights.Name))
        {
            throw view.Error("MCU0715", $"weights '{weights.Name}' are used by two nodes", "Export the model with one copy of the weights for each layer.");
        }

        bool innermost = view.Node.Operator is DepthwiseConv2D;
        int channels = innermost ? weights.Shape[3] : weights.Shape[0];
        float[] bias = view.OptionalInput(2)?.Floats() ?? new float[channels];
        float inputScale = quantised[view.Node.Inputs[0]].Quantization!.Scale;
        float[] scales = WeightQuantizer.Scales(weights.Floats(), bias, inputScale, innermost);
        quantised[weights.Name] = weights with
        {
            Type = DataType.Int8,
            Data = new Int8Data(EquatableArray.Wrap(WeightQuantizer.Weights(weights.Floats(), scales, innermost))),
            Quantization = new Quantization(scales.ToEquatableArray(), EquatableArray.Wrap(new int[channels]), innermost ? 3 : 0),
        };
        if (view.OptionalInput(2) is { } biasTensor)
        {
            view.Require(!quantised.ContainsKey(biasTensor.Name), "MCU0715", $"bias '{biasTensor.Name}' is used by two nodes");
            quantised[biasTensor.Name] = biasTensor with
            {
                Type = DataType.Int32,
                Data = new Int32Data(EquatableArray.Wrap(WeightQuantizer.Bias(bias, scales, inputScale))),
                Quantization = new Quantization(scales.Select(s => s * inputScale).ToEquatableArray(), EquatableArray.Wrap(new int[channels])),
            };
        }
    }
}
