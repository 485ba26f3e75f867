using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Calibration;

/// <summary>Quantises a node's constants: weights and biases, constant operands, gamma and beta.</summary>
internal static class ConstantQuantizer
{
    /// <summary>Adds the node's constants to <paramref name="quantised"/> and returns the node with the names they have there.</summary>
    public static Node Quantize(NodeView view, QuantizedTensors quantised)
    {
        Dictionary<int, Tensor> constants = view.Node.Operator switch
        {
            Conv2D or DepthwiseConv2D or FullyConnected => Linear(view, quantised.Parameters(view.Node.Inputs[0]).Scale),
            LayerNormalization => Normalization(view),
            Add or Mul or BatchMatMul => Operands(view, data => WeightQuantizer.Activation(new ActivationRange(Math.Min(0, data.Values.Min()), Math.Max(0, data.Values.Max())))),
            Concat => Operands(view, _ => quantised.Parameters(view.Node.Output)),
            _ => [],
        };
        string[] inputs = [.. view.Node.Inputs.Select((name, i) =>
            constants.TryGetValue(i, out Tensor? tensor) ? quantised.AddConstant(tensor, view.Node.Name, i) : name)];
        return view.Node with { Inputs = EquatableArray.Wrap(inputs) };
    }

    private static Dictionary<int, Tensor> Linear(NodeView view, float inputScale)
    {
        Tensor weights = view.Input(1);
        view.Require(weights.Data is FloatData, "MCU0714", $"weights '{weights.Name}' are not constant");
        bool innermost = view.Node.Operator is DepthwiseConv2D;
        int channels = innermost ? weights.Shape[3] : weights.Shape[0];
        float[] bias = view.OptionalInput(2)?.Floats() ?? new float[channels];
        float[] scales = WeightQuantizer.Scales(weights.Floats(), bias, inputScale, innermost);
        var constants = new Dictionary<int, Tensor>
        {
            [1] = weights with
            {
                Type = DataType.Int8,
                Data = new Int8Data(EquatableArray.Wrap(WeightQuantizer.Weights(weights.Floats(), scales, innermost))),
                Quantization = new Quantization(scales.ToEquatableArray(), EquatableArray.Wrap(new int[channels]), innermost ? 3 : 0),
            },
        };
        if (view.OptionalInput(2) is { } biasTensor)
        {
            constants[2] = biasTensor with
            {
                Type = DataType.Int32,
                Data = new Int32Data(EquatableArray.Wrap(WeightQuantizer.Bias(bias, scales, inputScale))),
                Quantization = new Quantization(scales.Select(s => s * inputScale).ToEquatableArray(), EquatableArray.Wrap(new int[channels])),
            };
        }

        return constants;
    }

    /// <summary>
    /// A constant operand is quantised as an activation whose values are known; where it only moves, with the output's parameters.
    /// </summary>
    private static Dictionary<int, Tensor> Operands(NodeView view, Func<FloatData, Quantization> parametersOf)
    {
        var constants = new Dictionary<int, Tensor>();
        for (int i = 0; i < view.InputCount; i++)
        {
            if (view.Input(i) is { Data: FloatData data } operand)
            {
                Quantization parameters = parametersOf(data);
                sbyte[] values = [.. data.Values.Select(v => FixedPoint.Quantize(v, parameters.Scale, parameters.ZeroPoint))];
                constants[i] = operand with { Type = DataType.Int8, Data = new Int8Data(EquatableArray.Wrap(values)), Quantization = parameters };
            }
        }

        return constants;
    }

    private static Dictionary<int, Tensor> Normalization(NodeView view)
    {
        Tensor gamma = view.Input(1);
        Tensor? beta = view.OptionalInput(2);
        view.Require(gamma.Data is FloatData && (beta is null || beta.Data is FloatData), "MCU0714", $"gamma '{gamma.Name}' or beta is not constant");
        float scale = NormalizationQuantizer.Scale(gamma.Floats(), beta is null ? [] : beta.Floats());
        var constants = new Dictionary<int, Tensor>
        {
            [1] = gamma with
            {
                Type = DataType.Int16,
                Data = new Int16Data(EquatableArray.Wrap(NormalizationQuantizer.Gamma(gamma.Floats(), scale))),
                Quantization = new Quantization(scale, 0),
            },
        };
        if (beta is not null)
        {
            float betaScale = MathF.ScaleB(scale, -NormalizationQuantizer.FractionOf(gamma.Floats()));
            constants[2] = beta with
            {
                Type = DataType.Int32,
                Data = new Int32Data(EquatableArray.Wrap(NormalizationQuantizer.Beta(beta.Floats(), betaScale))),
                Quantization = new Quantization(betaScale, 0),
            };
        }

        return constants;
    }
}
