using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Convolution and pools. One-dimensional ones run as two-dimensional ones of height 1.</summary>
internal static class OnnxWindowOperators
{
    public static void ReadConv(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");
        OnnxOperators.Inputs(node, graph, 2, 3);
        Tensor x = graph.Input(node, 0);
        Tensor weights = graph.Input(node, 1);
        node.Require(
            x.Shape.Rank is 3 or 4 && weights.Shape.Rank == x.Shape.Rank,
            "MCU0317",
            $"the input {x.Shape} and weights {weights.Shape} are of no one- or two-dimensional convolution");
        int[] kernel = node.Ints("kernel_shape") ?? [.. weights.Shape.Dims.Skip(2)];
        Window2D window = OnnxWindow.Read(node, x.Shape, kernel);
        string bias = node.InputName(2);
        Wrap(node, graph, new Conv2D(window, node.Int("group", 1), FusedActivation.None, Layout.Nchw), x, Raised(node, graph, weights), bias);
    }

    public static void ReadMaxPool(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides");
        OnnxOperators.Inputs(node, graph, 1, 1);
        Tensor x = Image(node, graph);
        Window2D window = OnnxWindow.Read(node, x.Shape, Kernel(node));
        window = OnnxWindow.Ceil(node, x.Shape, window);
        Wrap(node, graph, new MaxPool2D(window, FusedActivation.None, Layout.Nchw), x);
    }

    public static void ReadAveragePool(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides");
        OnnxOperators.Inputs(node, graph, 1, 1);
        Tensor x = Image(node, graph);
        Window2D floor = OnnxWindow.Read(node, x.Shape, Kernel(node));
        Window2D window = OnnxWindow.Ceil(node, x.Shape, floor);
        bool countsPadding = node.Flag("count_include_pad", false) && !floor.Padding.IsZero;
        node.Require(!countsPadding || window == floor, "MCU0317", "'ceil_mode' together with 'count_include_pad' is not supported where a window passes the padding");
        Wrap(node, graph, new AveragePool2D(window, countsPadding, FusedActivation.None, Layout.Nchw), x);
    }

    public static void ReadGlobalAveragePool(OnnxNode node, OnnxGraphBuilder graph) =>
        ReadGlobal(node, graph, window => new AveragePool2D(window, false, FusedActivation.None, Layout.Nchw));

    public static void ReadGlobalMaxPool(OnnxNode node, OnnxGraphBuilder graph) =>
        ReadGlobal(node, graph, window => new MaxPool2D(window, FusedActivation.None, Layout.Nchw));

    private static void ReadGlobal(OnnxNode node, OnnxGraphBuilder graph, Func<Window2D, Operator> pool)
    {
        node.Allow();
        OnnxOperators.Inputs(node, graph, 1, 1);
        Tensor x = Image(node, graph);
        int height = x.Shape.Rank == 4 ? x.Shape[2] : 1;
        int width = x.Shape[-1];
        Wrap(node, graph, pool(new Window2D(height, width, height, width, 1, 1, default)), x);
    }

    private static Tensor Image(OnnxNode node, OnnxGraphBuilder graph)
    {
        Tensor x = graph.Input(node, 0);
        node.Require(x.Shape.Rank is 3 or 4, "MCU0317", $"the input {x.Shape} has {x.Shape.Rank - 2} spatial dimensions; 1 or 2 are supported");
        return x;
    }

    private static int[] Kernel(OnnxNode node) =>
        node.Ints("kernel_shape") ?? throw node.Error("MCU0317", "attribute 'kernel_shape' is missing");

    /// <summary>Adds the operator, between two reshapes when the input has one spatial dimension.</summary>
    private static void Wrap(OnnxNode node, OnnxGraphBuilder graph, Operator op, Tensor x, params ReadOnlySpan<string> parameters)
    {
        if (x.Shape.Rank == 4)
        {
            graph.Add(node, op, [x.Name, .. parameters]);
            return;
        }

        Tensor raised = graph.AddHelper(node, "image", new Reshape(new Shape(x.Shape[0], x.Shape[1], 1, x.Shape[2])), x.Name);
        Tensor y = graph.AddHead(node, "2d", op, [raised.Name, .. parameters]);
        graph.AddTail(node, "vector", new Reshape(new Shape(y.Shape[0], y.Shape[1], y.Shape[3])), y.Name);
    }

    /// <summary>Weights of a one-dimensional convolution as <c>[O,I,1,K]</c>.</summary>
    private static string Raised(OnnxNode node, OnnxGraphBuilder graph, Tensor weights)
    {
        if (weights.Shape.Rank == 4)
        {
            return weights.Name;
        }

        var shape = new Shape(weights.Shape[0], weights.Shape[1], 1, weights.Shape[2]);
        return graph.AddHelper(node, "weights", new Reshape(shape), weights.Name).Name;
    }
}
