using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Passes;

/// <summary>Random ONNX networks of the supported operators; the same for the same seed.</summary>
internal sealed class RandomNetwork
{
    private readonly Random random;
    private readonly OnnxModelBuilder model;
    private readonly List<string> images = ["x"];
    private string last = "x";
    private int count;

    private RandomNetwork(int seed)
    {
        random = new Random(seed);
        model = new OnnxModelBuilder(random.Next(3) switch { 0 => 9, 1 => 12, _ => 13 })
            .Input("x", 1, 1 + random.Next(4), 4 + random.Next(6), 4 + random.Next(6))
            .Output("x");
    }

    public static OnnxModelBuilder Create(int seed)
    {
        var network = new RandomNetwork(seed);
        int layers = 2 + network.random.Next(8);
        for (int i = 0; i < layers; i++)
        {
            network.Layer();
        }

        network.Head();
        network.model.Graph.Output[0].Name = network.last;
        return network.model;
    }

    private void Layer()
    {
        Shape shape = ShapeOf(last);
        int channels = shape[1];
        switch (random.Next(12))
        {
            case 0:
            case 1:
                Convolution(channels, 1);
                break;
            case 2:
                Convolution(channels, channels);
                break;
            case 3:
                Step("BatchNormalization", $"{last} {Vector(channels)} {Vector(channels)} {Vector(channels)} {Variance(channels)}");
                break;
            case 4:
                Step("Relu", last);
                break;
            case 5:
                Step("MaxPool", last, Pool());
                break;
            case 6:
                Step("AveragePool", last, [.. Pool(), ("count_include_pad", random.Next(2))]);
                break;
            case 7:
                Residual(shape);
                break;
            case 8:
                Step("Add", $"{last} {Weights(1, channels, 1, 1)}");
                break;
            case 9:
                Step("Softmax", last, ("axis", random.Next(model.Model.OpsetImport[0].Version < 13 ? 3 : 1) + 1));
                break;
            case 10:
                Padding();
                break;
            default:
                Step("Transpose", last, ("perm", random.Next(2) == 0 ? [0, 1, 3, 2] : new[] { 0, 2, 3, 1 }));
                break;
        }
    }

    private void Head()
    {
        switch (random.Next(4))
        {
            case 0:
                Step("GlobalAveragePool", last);
                Step("Flatten", last);
                break;
            case 1:
                Step("Flatten", last);
                break;
            case 2:
                Step("ReduceMean", last, ("axes", new[] { 2, 3 }), ("keepdims", 0));
                break;
            default:
                return;
        }

        if (random.Next(3) > 0)
        {
            Step("Gemm", $"{last} {Weights(3, ShapeOf(last)[1])} {Vector(3)}", ("transB", 1));
            Step("Relu", last);
        }
        else
        {
            Step("MatMul", $"{last} {Weights(ShapeOf(last)[1], 2)}");
            Step("Add", $"{Vector(2)} {last}");
        }
    }

    private void Convolution(int channels, int groups)
    {
        int outputs = groups * (1 + random.Next(groups == 1 ? 5 : 2));
        (int kh, int kw) = (1 + random.Next(3), 1 + random.Next(3));
        string inputs = $"{last} {Weights(outputs, channels / groups, kh, kw)}";
        (string, object) padding = random.Next(3) switch
        {
            0 => ("auto_pad", "SAME_UPPER"),
            1 => ("auto_pad", "SAME_LOWER"),
            _ => ("pads", new[] { random.Next(2), random.Next(3), random.Next(2), random.Next(3) }),
        };
        int dilation = padding.Item1 == "pads" ? 1 + random.Next(2) : 1;
        Step(
            "Conv",
            random.Next(2) == 0 ? inputs : $"{inputs} {Vector(outputs)}",
            ("strides", new[] { 1 + random.Next(2), 1 + random.Next(2) }),
            ("dilations", new[] { dilation, 1 }),
            ("group", groups),
            padding);
    }

    private (string, object)[] Pool()
    {
        (int kh, int kw) = (1 + random.Next(3), 1 + random.Next(3));
        return
        [
            ("kernel_shape", new[] { kh, kw }),
            ("strides", new[] { 1 + random.Next(2), 1 + random.Next(2) }),
            ("pads", new[] { random.Next(kh), random.Next(kw), random.Next(kh), random.Next(kw) }),
        ];
    }

    private void Residual(Shape shape)
    {
        string other = images[random.Next(images.Count)];
        Step("Add", ShapeOf(other) == shape ? $"{last} {other}" : $"{last} {last}");
    }

    private void Padding()
    {
        int[] pads = [0, random.Next(2), random.Next(2), random.Next(3), 0, 0, random.Next(2), random.Next(2)];
        float value = random.Next(2) == 0 ? 0 : 0.5f;
        if (model.Model.OpsetImport[0].Version < 11)
        {
            Step("Pad", last, ("pads", pads), ("value", value));
            return;
        }

        string name = $"pads{count}";
        model.Integers(name, [.. pads.Select(p => (long)p)]).Weights($"value{count}", [], value);
        Step("Pad", $"{last} {name} value{count}");
    }

    /// <summary>Adds the node, or nothing when the reader refuses it (a window larger than the image).</summary>
    private void Step(string op, string inputs, params (string, object)[] attributes)
    {
        string output = $"t{count++}";
        model.Node(op, inputs, output, attributes);
        try
        {
            ShapeOf(output);
            last = output;
            images.Add(output);
        }
        catch (DiagnosticException)
        {
            model.Graph.Node.RemoveAt(model.Graph.Node.Count - 1);
        }
    }

    private Shape ShapeOf(string tensor)
    {
        if (tensor == "x")
        {
            return new Shape(model.Graph.Input[0].Type.TensorType.Shape.Dim.Select(d => (int)d.DimValue).ToArray());
        }

        model.Graph.Output[0].Name = tensor;
        return model.Read()[tensor].Shape;
    }

    private string Vector(int length) => Weights(length);

    private string Variance(int length)
    {
        string name = $"w{count++}";
        model.Weights(name, [length], [.. Enumerable.Range(0, length).Select(_ => 0.2f + random.NextSingle())]);
        return name;
    }

    private string Weights(params long[] dims)
    {
        string name = $"w{count++}";
        long elements = dims.Aggregate(1L, (p, d) => p * d);
        model.Weights(name, dims, [.. Enumerable.Range(0, (int)elements).Select(_ => (random.NextSingle() * 2) - 1)]);
        return name;
    }
}
