using System.Collections.Immutable;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Int8;

/// <summary>
/// Builds small int8 graphs with random constants. Output scales follow the statistics of random weights and inputs, so that
/// outputs spread over the int8 range.
/// </summary>
internal sealed partial class Int8GraphBuilder
{
    private const double TypicalValue = 74;
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly List<Node> nodes = [];
    private readonly Random random;

    public Int8GraphBuilder(Random random, Shape input)
    {
        this.random = random;
        Last = Activation("input", input, new Quantization(0.05f, random.Next(-128, 128)));
    }

    /// <summary>The tensor written last.</summary>
    public Tensor Last { get; private set; }

    /// <summary>Goes on from an earlier tensor.</summary>
    public Int8GraphBuilder From(Tensor tensor)
    {
        Last = tensor;
        return this;
    }

    public Graph Build(string file = "random.tflite") => GraphValidator.Validate(new Graph(
        new ModelSource(file, SourceFormat.Tflite, new string('0', 64)),
        nodes.ToEquatableArray(),
        tensors.ToImmutableDictionary(StringComparer.Ordinal),
        ["input"],
        [Last.Name]));

    public Int8GraphBuilder Conv(int outputs, Window2D window, FusedActivation? activation = null, double gain = 1, string? name = null)
    {
        int inputs = Last.Shape[3];
        Shape weights = new(outputs, window.KernelH, window.KernelW, inputs);
        Shape output = new(1, window.OutputHeight(Last.Shape[1]), window.OutputWidth(Last.Shape[2]), outputs);
        return Linear(new Conv2D(window, 1, activation ?? FusedActivation.None), weights, 0, outputs, window.KernelH * window.KernelW * inputs, output, gain, name);
    }

    public Int8GraphBuilder Depthwise(int multiplier, Window2D window, FusedActivation? activation = null, double gain = 1)
    {
        int outputs = Last.Shape[3] * multiplier;
        Shape weights = new(1, window.KernelH, window.KernelW, outputs);
        Shape output = new(1, window.OutputHeight(Last.Shape[1]), window.OutputWidth(Last.Shape[2]), outputs);
        return Linear(new DepthwiseConv2D(window, multiplier, activation ?? FusedActivation.None), weights, 3, outputs, window.KernelH * window.KernelW, output, gain, null);
    }

    public Int8GraphBuilder Connected(int outputs, bool keepDims = false, FusedActivation? activation = null, string? name = null)
    {
        int depth = keepDims ? Last.Shape[-1] : (int)Last.Shape.Elements;
        Shape output = keepDims ? ShapeOf(Last.Shape.Dims.Take(Last.Shape.Rank - 1).Append(outputs)) : new Shape(1, outputs);
        return Linear(new FullyConnected(activation ?? FusedActivation.None, keepDims), new Shape(outputs, depth), 0, outputs, depth, output, 1, name);
    }

    public Int8GraphBuilder AveragePool(Window2D window) => Same(new AveragePool2D(window, false, FusedActivation.None), Pooled(window));

    public Int8GraphBuilder MaxPool(Window2D window) => Same(new MaxPool2D(window, FusedActivation.None), Pooled(window));

    public Int8GraphBuilder Mean(params int[] axes) => Rescaled(
        new Mean(axes.ToEquatableArray(), true), ShapeOf(Last.Shape.Dims.Select((d, i) => axes.Contains(i) ? 1 : d)), 0.6f);

    public Int8GraphBuilder Pad(int[] before, int[] after) => Same(
        new Pad(before.ToEquatableArray(), after.ToEquatableArray(), 0), ShapeOf(Last.Shape.Dims.Select((d, i) => d + before[i] + after[i])));

    public Int8GraphBuilder Transpose(params int[] permutation) => Same(
        new Transpose(permutation.ToEquatableArray()), ShapeOf(permutation.Select(p => Last.Shape[p])));

    public Int8GraphBuilder Reshape(params int[] dims) => Same(new Reshape(new Shape(dims)), new Shape(dims));

    public Int8GraphBuilder Requantize(float factor) => Rescaled(new Quantize(), Last.Shape, factor);

    public Int8GraphBuilder Relu(float factor) => Rescaled(new Clamp(FusedActivation.Relu), Last.Shape, factor);

    public Int8GraphBuilder Softmax()
    {
        // Logits of a trained network span some units.
        Requantize(1);
        return Softmax(Last.Shape.Rank - 1);
    }

    /// <summary>Adds an earlier tensor of the same shape to the last one.</summary>
    /// <param name="shape">The output's shape where the two are broadcast.</param>
    public Int8GraphBuilder Add(Tensor other, FusedActivation? activation = null, float factor = 1.5f, Shape? shape = null) => Append(
        new Add(activation ?? FusedActivation.None), [other.Name], shape ?? Last.Shape, new Quantization(Math.Max(other.Quantization!.Scale, Last.Quantization!.Scale) * factor, ZeroPoint()));

    private static Shape ShapeOf(IEnumerable<int> dims) => new(dims.ToArray());

    private Shape Pooled(Window2D window) => new(1, window.OutputHeight(Last.Shape[1]), window.OutputWidth(Last.Shape[2]), Last.Shape[3]);

    private Int8GraphBuilder Same(Operator op, Shape shape) => Append(op, [], shape, Last.Quantization!);

    private Int8GraphBuilder Rescaled(Operator op, Shape shape, float factor) =>
        Append(op, [], shape, new Quantization(Last.Quantization!.Scale * factor, ZeroPoint()));

    private Int8GraphBuilder Linear(Operator op, Shape shape, int axis, int outputs, int depth, Shape output, double gain, string? name)
    {
        string stem = name ?? $"layer{nodes.Count}";
        bool perTensor = axis == 0 && random.Next(4) == 0;
        float[] scales = [.. Enumerable.Range(0, perTensor ? 1 : outputs).Select(_ => 0.01f * (0.5f + random.NextSingle()))];
        Tensor weights = Constant(stem + ".weight", shape, new Int8Data([.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (sbyte)random.Next(-127, 128))]), scales, axis);
        double spread = Math.Sqrt(depth) * TypicalValue * TypicalValue;
        Tensor? bias = random.Next(5) == 0 ? null : Constant(
            stem + ".bias", new Shape(outputs), new Int32Data([.. Enumerable.Range(0, outputs).Select(_ => (int)((random.NextDouble() - 0.5) * spread))]), [1], 0);
        float scale = (float)(Last.Quantization!.Scale * 0.01 * spread / 45 / gain);
        return Append(op, bias is null ? [weights.Name] : [weights.Name, bias.Name], output, new Quantization(scale, ZeroPoint()), stem);
    }

    private Int8GraphBuilder Append(Operator op, string[] others, Shape shape, Quantization quantization, string? name = null) =>
        AppendTo(op, [Last.Name, .. others], shape, quantization, name);

    private Int8GraphBuilder AppendTo(Operator op, string[] inputs, Shape shape, Quantization quantization, string? name = null)
    {
        string node = name ?? $"node{nodes.Count}";
        Last = Activation($"t{nodes.Count}", shape, quantization);
        nodes.Add(new Node(node, op, inputs.ToEquatableArray(), [Last.Name]));
        return this;
    }

    private int ZeroPoint() => random.Next(3) == 0 ? -128 : random.Next(-100, 100);

    private Tensor Activation(string name, Shape shape, Quantization quantization) =>
        tensors[name] = new Tensor(name, DataType.Int8, shape) { Quantization = quantization };

    private Tensor Constant(string name, Shape shape, TensorData data, float[] scales, int axis) =>
        tensors[name] = new Tensor(name, data is Int8Data ? DataType.Int8 : data is Int16Data ? DataType.Int16 : DataType.Int32, shape)
        {
            Data = data,
            Quantization = new Quantization(scales.ToEquatableArray(), EquatableArray.Wrap(new int[scales.Length]), axis),
        };
}
