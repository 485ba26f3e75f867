using System.Runtime.InteropServices;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Tflite;
using Mcu.Generator.Operators;
using static Mcu.Tests.Ingest.Tflite.TinyTflite;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>Each operator's attributes, against values worked out by hand from TensorFlow's documentation.</summary>
public sealed class TfliteOperatorTests
{
    private readonly DiagnosticBag notes = new();

    /// <summary>
    /// Hand computation: outputs = ceil(extent / stride), total = max(0, (outputs − 1)·stride + (kernel − 1)·dilation + 1 −
    /// extent), the first half (rounded down) before. 49/10/2 is the first layer of keyword spotting.
    /// </summary>
    [Theory]
    [InlineData(4, 3, 2, 1, 2, 0, 1)]
    [InlineData(5, 3, 2, 1, 3, 1, 1)]
    [InlineData(49, 10, 2, 1, 25, 4, 5)]
    [InlineData(6, 2, 1, 3, 6, 1, 2)]
    [InlineData(3, 1, 2, 1, 2, 0, 0)]
    [InlineData(1, 5, 4, 1, 1, 2, 2)]
    public void Same_padding_is_explicit(int extent, int kernel, int stride, int dilation, int outputs, int before, int after)
    {
        Graph graph = Read(Single(
            ConvCode,
            ConvOptions(0, stride, dilation: dilation),
            Floats("x", 1, extent, extent, 1),
            Constant("w", [1, kernel, kernel, 1], new float[kernel * kernel]),
            Floats("y", 1, outputs, outputs, 1)));

        Window2D window = ((Conv2D)graph.Nodes[0].Operator).Window;
        Assert.Equal(new Padding2D(before, before, after, after), window.Padding);
        Assert.Equal((kernel, kernel, stride, stride, dilation, dilation), (window.KernelH, window.KernelW, window.StrideH, window.StrideW, window.DilationH, window.DilationW));
    }

    [Fact]
    public void Height_and_width_are_not_swapped()
    {
        // Options hold the width first: padding, stride_w, stride_h, activation, dilation_w, dilation_h.
        Graph graph = Read(Single(
            ConvCode,
            new OptionsSpec(1, (byte)1, 3, 2, (byte)0, 1, 1),
            Floats("x", 1, 9, 10, 1),
            Constant("w", [1, 5, 4, 1], new float[20]),
            Floats("y", 1, 3, 3, 1)));

        Assert.Equal(new Window2D(5, 4, 2, 3, 1, 1, default), ((Conv2D)graph.Nodes[0].Operator).Window);
    }

    [Fact]
    public void Pool_height_and_width_are_not_swapped()
    {
        // padding, stride_w, stride_h, filter_width, filter_height, activation
        Graph graph = Read(Single(17, new OptionsSpec(5, (byte)1, 1, 2, 3, 4, (byte)1), Floats("x", 1, 8, 5, 2), Floats("y", 1, 3, 3, 2)));

        Assert.Equal(new MaxPool2D(new Window2D(4, 3, 2, 1, 1, 1, default), FusedActivation.Relu), graph.Nodes[0].Operator);
    }

    [Fact]
    public void Average_pool_does_not_count_padding()
    {
        Graph graph = Read(Single(AveragePoolCode, PoolOptions(0, 2, 3), Floats("x", 1, 4, 4, 1), Floats("y", 1, 2, 2, 1)));

        Assert.False(Assert.IsType<AveragePool2D>(graph.Nodes[0].Operator).CountIncludePad);
    }

    [Theory]
    [InlineData(0, float.NegativeInfinity, float.PositiveInfinity)]
    [InlineData(1, 0f, float.PositiveInfinity)]
    [InlineData(2, -1f, 1f)]
    [InlineData(3, 0f, 6f)]
    public void Fused_activations_become_clamps(byte function, float min, float max)
    {
        Graph graph = Read(Single(AddCode, new OptionsSpec(11, function), Floats("a", 1, 2), Constant("b", [1, 2], 1, 2), Floats("y", 1, 2)));

        Assert.Equal(new Add(new FusedActivation(min, max)), graph.Nodes[0].Operator);
    }

    [Theory]
    [InlineData(4, "TANH")]
    [InlineData(5, "SIGN_BIT")]
    [InlineData(99, "99")]
    public void Other_fused_activations_are_refused_by_name(byte function, string named)
    {
        Diagnostic error = Refused(Single(AddCode, new OptionsSpec(11, function), Floats("a", 1, 2), Constant("b", [1, 2], 1, 2), Floats("y", 1, 2)), "MCU0210");

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("ADD", error.Message, StringComparison.Ordinal);
        Assert.Contains("RELU_N1_TO_1", error.Message, StringComparison.Ordinal);
        Assert.Contains("node 0 'y'", error.Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, 0f, float.PositiveInfinity)]
    [InlineData(20, -1f, 1f)]
    [InlineData(21, 0f, 6f)]
    public void Activation_operators_become_clamps(int builtin, float min, float max)
    {
        Graph graph = Read(Single(builtin, null, Floats("x", 1, 2), Floats("y", 1, 2)));

        Assert.Equal(new Clamp(new FusedActivation(min, max)), graph.Nodes[0].Operator);
    }

    [Fact]
    public void Grouped_convolution_is_recognised_by_its_weights()
    {
        Graph graph = Read(Single(ConvCode, ConvOptions(1, 1), Floats("x", 1, 2, 2, 6), Constant("w", [4, 1, 1, 3], new float[12]), Floats("y", 1, 2, 2, 4)));

        Assert.Equal(2, ((Conv2D)graph.Nodes[0].Operator).Groups);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public void Depth_multiplier_comes_from_the_shapes(int stored)
    {
        Graph graph = Read(Depthwise(stored));

        Assert.Equal(8, ((DepthwiseConv2D)graph.Nodes[0].Operator).Multiplier);
    }

    [Fact]
    public void A_contradicting_depth_multiplier_is_refused() => Refused(Depthwise(4), "MCU0226");

    [Fact]
    public void Fully_connected_flattens_unless_it_keeps_dimensions()
    {
        TensorSpec x = Floats("x", 1, 2, 2, 3);
        TensorSpec w = Constant("w", [5, 12], new float[60]);
        Graph flat = Read(Single(FullyConnectedCode, null, x, w, Floats("y", 1, 5)));
        Graph kept = Read(Single(FullyConnectedCode, new OptionsSpec(8, (byte)0, (byte)0, true), x, Constant("w", [5, 3], new float[15]), Floats("y", 1, 2, 2, 5)));

        Assert.Equal(new FullyConnected(FusedActivation.None, KeepDims: false), flat.Nodes[0].Operator);
        Assert.Equal(new FullyConnected(FusedActivation.None, KeepDims: true), kept.Nodes[0].Operator);
    }

    [Fact]
    public void Shuffled_weights_are_refused() =>
        Refused(Single(FullyConnectedCode, new OptionsSpec(8, (byte)0, (byte)1, false), Floats("x", 1, 3), Constant("w", [5, 3], new float[15]), Floats("y", 1, 5)), "MCU0226");

    [Fact]
    public void Reshape_takes_its_shape_from_the_options_when_it_has_one_input()
    {
        Graph graph = Read(Single(ReshapeCode, new OptionsSpec(17, new[] { 2, -1 }), Floats("x", 1, 3, 4), Floats("y", 2, 6)));

        Assert.Equal(new Reshape(new Shape(2, 6)), graph.Nodes[0].Operator);
    }

    [Theory]
    [InlineData(new[] { -1, -1 })]
    [InlineData(new[] { 5, -1 })]
    [InlineData(new[] { 0, 12 })]
    [InlineData(new[] { int.MaxValue, int.MaxValue, -1 })]
    [InlineData(new[] { -2, 6 })]
    public void Impossible_reshapes_are_refused(int[] target) =>
        Refused(Single(ReshapeCode, new OptionsSpec(17, target), Floats("x", 1, 3, 4), Floats("y", 2, 6)), "MCU0225");

    [Fact]
    public void Squeeze_and_expand_dims_become_reshapes()
    {
        Graph all = Read(Single(43, null, Floats("x", 1, 1, 3, 1), Floats("y", 3)));
        Graph listed = Read(Single(43, new OptionsSpec(30, new[] { 1, -1 }), Floats("x", 1, 1, 3, 1), Floats("y", 1, 3)));
        Graph expanded = Read(Single(70, null, Floats("x", 2, 3), Indices("axis", [], -1), Floats("y", 2, 3, 1)));

        Assert.Equal(new Reshape(new Shape(3)), all.Nodes[0].Operator);
        Assert.Equal(new Reshape(new Shape(1, 3)), listed.Nodes[0].Operator);
        Assert.Equal(new Reshape(new Shape(2, 3, 1)), expanded.Nodes[0].Operator);
        Refused(Single(43, new OptionsSpec(30, new[] { 2 }), Floats("x", 1, 1, 3, 1), Floats("y", 1, 1, 1)), "MCU0225");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Mean_axes_are_sorted_and_positive(bool keep)
    {
        int[] output = keep ? [1, 1, 1, 3] : [1, 3];
        Graph graph = Read(Single(40, new OptionsSpec(27, keep), Floats("x", 1, 4, 5, 3), Indices("axes", [2], -2, 1), Floats("y", output)));

        Assert.Equal(new Mean([1, 2], keep), graph.Nodes[0].Operator);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-5)]
    [InlineData(int.MinValue)]
    public void Axes_out_of_range_are_refused(int axis) =>
        Refused(Single(40, null, Floats("x", 1, 4, 5, 3), Indices("axes", [1], axis), Floats("y", 1, 3)), "MCU0225");

    [Fact]
    public void Repeated_axes_are_refused() =>
        Refused(Single(40, null, Floats("x", 1, 4, 5, 3), Indices("axes", [2], 1, -3), Floats("y", 1, 3)), "MCU0225");

    [Fact]
    public void Transpose_takes_its_permutation_from_64_bit_indices_too()
    {
        byte[] permutation = MemoryMarshal.AsBytes<long>([0, 2, 1]).ToArray();
        Graph graph = Read(Single(39, null, Floats("x", 1, 4, 5), new TensorSpec("p", Int64Type, [3], permutation), Floats("y", 1, 5, 4)));

        Assert.Equal(new Transpose([0, 2, 1]), graph.Nodes[0].Operator);
        Refused(Single(39, null, Floats("x", 1, 4, 5), Indices("p", [2], 0, 1), Floats("y", 1, 5, 4)), "MCU0225");
    }

    [Fact]
    public void Pad_takes_before_and_after_per_axis()
    {
        TensorSpec paddings = Indices("p", [3, 2], 0, 0, 1, 2, 3, 4);
        Graph graph = Read(Single(34, null, Floats("x", 1, 4, 5), paddings, Floats("y", 1, 7, 12)));

        Assert.Equal(new Pad([0, 1, 3], [0, 2, 4], 0), graph.Nodes[0].Operator);
    }

    [Fact]
    public void Pad_v2_takes_a_value_in_real_units()
    {
        TensorSpec paddings = Indices("p", [2, 2], 0, 0, 1, 1);
        var quant = new QuantSpec(0.5f, 4);
        Graph real = Read(Single(60, null, Floats("x", 1, 4), paddings, Constant("v", [1], -3), Floats("y", 1, 6)));
        Graph int8 = Read(Single(60, null, new("x", Int8Type, [1, 4], null, quant), paddings, new("v", Int8Type, [], [10], quant), new("y", Int8Type, [1, 6], null, quant)));

        Assert.Equal(-3f, ((Pad)real.Nodes[0].Operator).Value);
        Assert.Equal(3f, ((Pad)int8.Nodes[0].Operator).Value);
        Refused(Single(60, null, new("x", Int8Type, [1, 4], null, quant), paddings, new("v", Int8Type, [], [10], new QuantSpec(0.25f, 4)), new("y", Int8Type, [1, 6], null, quant)), "MCU0219");
    }

    [Fact]
    public void Softmax_runs_along_the_last_axis_with_the_stored_beta()
    {
        Graph graph = Read(Single(SoftmaxCode, new OptionsSpec(9, 0.5f), Floats("x", 1, 4, 5), Floats("y", 1, 4, 5)));

        Assert.Equal(new Softmax(2, 0.5f), graph.Nodes[0].Operator);
    }

    [Fact]
    public void Quantize_and_dequantize_are_kept_between_activations()
    {
        TfliteSpec spec = new()
        {
            Codes = [new(114), new(DequantizeCode)],
            Tensors = [Floats("x", 1, 3), new("q", Int8Type, [1, 3], null, new QuantSpec(0.1f, 3)), Floats("y", 1, 3)],
            Operators = [new(0, [0], [1]), new(1, [1], [2])],
            Inputs = [0],
            Outputs = [2],
        };

        Assert.Equal([new Quantize(), new Dequantize()], Read(spec).Nodes.Select(n => n.Operator));
    }

    [Fact]
    public void Dynamic_range_weights_become_float_with_a_note()
    {
        // real = scale[o]·(q − 0): rows are quantised with 0.5 and 2.
        var weights = new TensorSpec("w", Int8Type, [2, 3], [1, 2, 3, 255, 254, 253], new QuantSpec([0.5f, 2f], [0, 0]));
        Graph graph = Read(Single(FullyConnectedCode, null, Floats("x", 1, 3), weights, Constant("b", [2], 1, 2), Floats("y", 1, 2)));

        Assert.Equal([0.5f, 1f, 1.5f, -2f, -4f, -6f], graph["w"].Floats());
        Assert.Null(graph["w"].Quantization);
        Diagnostic note = Assert.Single(notes.Items);
        Assert.Equal(("MCU0241", Severity.Note), (note.Code, note.Severity));
        Assert.Contains("'w'", note.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dynamic_range_weights_per_channel_of_an_inner_axis_use_that_axis()
    {
        var weights = new TensorSpec("w", Int8Type, [1, 1, 2, 2], [1, 2, 3, 4], new QuantSpec([1f, 10f], [0, 0], 3));
        Graph graph = Read(Single(DepthwiseCode, new OptionsSpec(2, (byte)1, 1, 1, 0, (byte)0), Floats("x", 1, 1, 2, 2), weights, Floats("y", 1, 1, 1, 2)));

        Assert.Equal([1f, 20f, 3f, 40f], graph["w"].Floats());
    }

    [Fact]
    public void Half_precision_weights_before_a_dequantize_become_float()
    {
        byte[] halves = MemoryMarshal.AsBytes<Half>([(Half)0.5f, (Half)(-2f), (Half)65504f]).ToArray();
        TfliteSpec spec = new()
        {
            Codes = [new(DequantizeCode), new(FullyConnectedCode)],
            Tensors = [Floats("x", 1, 3), new("h", Float16Type, [1, 3], halves), Floats("w", 1, 3), Floats("y", 1, 1)],
            Operators = [new(0, [1], [2]), new(1, [0, 2], [3])],
            Inputs = [0],
            Outputs = [3],
        };

        Graph graph = Read(spec);

        Assert.Single(graph.Nodes);
        Assert.Equal([0.5f, -2f, 65504f], graph["w"].Floats());
        Assert.Equal("MCU0241", Assert.Single(notes.Items).Code);
    }

    private static TfliteSpec Depthwise(int multiplier) => Single(
        DepthwiseCode,
        new OptionsSpec(2, (byte)0, 2, 2, multiplier, (byte)1, 1, 1),
        Floats("x", 1, 49, 40, 1),
        Constant("w", [1, 10, 8, 8], new float[640]),
        Floats("y", 1, 25, 20, 8));

    private Graph Read(TfliteSpec spec) => TfliteReader.Read(TfliteWriter.Write(spec), "net.tflite", notes);

    private Diagnostic Refused(TfliteSpec spec, string code)
    {
        Diagnostic error = Assert.Throws<DiagnosticException>(() => Read(spec)).Diagnostic;
        Assert.Equal(code, error.Code);
        return error;
    }
}
