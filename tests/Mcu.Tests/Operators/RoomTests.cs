using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using static Mcu.Tests.Operators.RoomRunner;

namespace Mcu.Tests.Operators;

/// <summary>Shape rules and float references that no ONNX file reaches; expected values by hand.</summary>
public class RoomTests
{
    private static readonly Window2D One = new(1, 1, 1, 1, 1, 1, default);

    public static TheoryData<string, Operator, int[][]> Unusable => new()
    {
        { "MCU0620", new Conv2D(One, 1, FusedActivation.None), [[1, 4, 4], [2, 1, 1, 4]] },
        { "MCU0621", new Conv2D(One, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 4]] },
        { "MCU0626", new Conv2D(One, 3, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 1]] },
        { "MCU0626", new Conv2D(One, 0, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0626", new Conv2D(One, int.MinValue, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0624", new Conv2D(One with { KernelH = int.MaxValue }, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0622", new Conv2D(One with { StrideW = 0 }, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0622", new Conv2D(One with { DilationH = int.MaxValue }, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0622", new Conv2D(One with { Padding = new Padding2D(0, 0, -1, 0) }, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0606", new Conv2D(One with { Padding = new Padding2D(1 << 28, 1 << 28, 1 << 28, 1 << 28) }, 1, FusedActivation.None), [[1, 4, 4, 3], [2, 1, 1, 3]] },
        { "MCU0623", new MaxPool2D(One with { KernelH = 5 }, FusedActivation.None), [[1, 4, 4, 3]] },
        { "MCU0622", new AveragePool2D(One with { Padding = new Padding2D(1, 0, 0, 0) }, false, FusedActivation.None), [[1, 4, 4, 3]] },
        { "MCU0621", new DepthwiseConv2D(One, 2, FusedActivation.None), [[1, 4, 4, 3], [1, 1, 1, 3]] },
        { "MCU0621", new DepthwiseConv2D(One, int.MaxValue, FusedActivation.None), [[1, 4, 4, 3], [1, 1, 1, 3]] },
        { "MCU0632", new FullyConnected(FusedActivation.None), [[1, 5], [2, 4]] },
        { "MCU0632", new FullyConnected(FusedActivation.None, KeepDims: true), [[2, 2], [2, 4]] },
        { "MCU0625", new FullyConnected(FusedActivation.None), [[1, 4], [2, 4], [3]] },
        { "MCU0632", new Gemm(1, 1, false, false), [[2, 3], [2, 3]] },
        { "MCU0627", new Gemm(1, 1, false, true), [[2, 3], [2, 3], [2, 3]] },
        { "MCU0634", new Gemm(float.NaN, 1, false, true), [[2, 3], [2, 3]] },
        { "MCU0632", new MatMul(), [[2, 3], [2, 3]] },
        { "MCU0627", new MatMul(), [[2, 2, 3], [3, 3, 2]] },
        { "MCU0620", new MatMul(), [[], [3]] },
        { "MCU0627", new Add(FusedActivation.None), [[2, 3], [3, 2]] },
        { "MCU0628", new Mean([2], false), [[2, 3]] },
        { "MCU0628", new Mean([1, 0], false), [[2, 3]] },
        { "MCU0628", new Softmax(-1, 1), [[2, 3]] },
        { "MCU0634", new Softmax(1, 0), [[2, 3]] },
        { "MCU0629", new Transpose([0, 0]), [[2, 3]] },
        { "MCU0629", new Transpose([0]), [[2, 3]] },
        { "MCU0630", new Reshape(new Shape(7)), [[2, 3]] },
        { "MCU0623", new Reshape(new Shape(0, 6)), [[2, 3]] },
        { "MCU0606", new Reshape(new Shape(int.MaxValue, int.MaxValue)), [[2, 3]] },
        { "MCU0633", new Pad([0, 0], [0, -1], 0), [[2, 3]] },
        { "MCU0633", new Pad([0], [0], 0), [[2, 3]] },
        { "MCU0606", new Pad([int.MaxValue, 0], [int.MaxValue, 0], 0), [[2, 3]] },
        { "MCU0634", new Clamp(new FusedActivation(1, 0)), [[2, 3]] },
        { "MCU0634", new Clamp(new FusedActivation(float.NaN, 0)), [[2, 3]] },
        { "MCU0621", new BatchNormalization(0), [[2, 3], [3], [3], [3], [2]] },
        { "MCU0601", new Add(FusedActivation.None), [[2, 3]] },
        { "MCU0631", new Dequantize(), [[2, 3]] },
        { "MCU0632", new BatchMatMul(false, false), [[2, 2, 3], [2, 2, 3]] },
        { "MCU0632", new BatchMatMul(true, true), [[2, 2, 3], [2, 2, 3]] },
        { "MCU0627", new BatchMatMul(false, true), [[2, 2, 3], [3, 2, 3]] },
        { "MCU0620", new BatchMatMul(false, false), [[3], [3, 2]] },
        { "MCU0627", new Mul(FusedActivation.None), [[2, 3], [3, 2]] },
        { "MCU0627", new Sub(), [[2, 3], [3, 2]] },
        { "MCU0601", new Gelu(false), [] },
        { "MCU0636", new LayerNormalization(0, 1e-5f), [[2, 3], [3], [3]] },
        { "MCU0628", new LayerNormalization(-1, 1e-5f), [[2, 3], [3], [3]] },
        { "MCU0634", new LayerNormalization(1, float.NaN), [[2, 3], [3], [3]] },
        { "MCU0634", new LayerNormalization(1, -1), [[2, 3], [3], [3]] },
        { "MCU0621", new LayerNormalization(1, 1e-5f), [[2, 3], [2], [3]] },
        { "MCU0621", new LayerNormalization(1, 1e-5f), [[2, 3], [3], [1, 3]] },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Unusable_nodes_are_refused_with_a_code(string code, Operator op, int[][] inputs)
    {
        var error = Assert.Throws<DiagnosticException>(() => OperatorCatalog.RoomOf(op).Infer(View(op, inputs)));
        Assert.Equal(code, error.Diagnostic.Code);
        Assert.Contains("node 'n'", error.Diagnostic.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_operator_has_one_room()
    {
        IEnumerable<Type> operators = typeof(Operator).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Operator)));
        Assert.Equal(operators.Order(Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name))), OperatorCatalog.Rooms.Select(r => r.OperatorType));
        Assert.Equal(OperatorCatalog.Rooms.Count, OperatorCatalog.Rooms.Select(r => r.Name).Distinct().Count());
    }

    [Fact]
    public void Depthwise_output_channels_of_one_input_channel_lie_together()
    {
        var op = new DepthwiseConv2D(One, 2, FusedActivation.None);
        float[] y = Run(op, ([1, 1, 1, 2], [10, 100]), ([1, 1, 1, 4], [1, 2, 3, 4]), ([4], [0.5f, 0, 0, 0]));
        Assert.Equal([10.5f, 20, 300, 400], y);
    }

    [Fact]
    public void Dilated_depthwise_convolution_skips_taps_in_the_padding()
    {
        // Taps at columns -1 and 1 of [1 2 3], then 0 and 2, then 1 and 3.
        var op = new DepthwiseConv2D(new Window2D(1, 2, 1, 1, 1, 2, new Padding2D(0, 1, 0, 1)), 1, FusedActivation.None);
        Assert.Equal([2f, 13, 20], Run(op, ([1, 1, 3, 1], [1, 2, 3]), ([1, 1, 2, 1], [10, 1])));
    }

    [Fact]
    public void Fully_connected_cuts_its_input_into_rows()
    {
        var op = new FullyConnected(new FusedActivation(0, 30));
        Assert.Equal([3f, 7, 11, 15], Run(op, ([1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), ([1, 2], [1, 1])));
    }

    [Fact]
    public void Average_pool_divides_by_what_lies_inside_or_by_the_whole_window()
    {
        var window = new Window2D(1, 2, 1, 2, 1, 1, new Padding2D(0, 1, 0, 0));
        Assert.Equal([4f, 7], Run(new AveragePool2D(window, false, FusedActivation.None), ([1, 1, 3, 1], [4, 6, 8])));
        Assert.Equal([2f, 7], Run(new AveragePool2D(window, true, FusedActivation.None), ([1, 1, 3, 1], [4, 6, 8])));
    }

    [Fact]
    public void Max_pool_padding_never_wins()
    {
        var window = new Window2D(1, 2, 1, 2, 1, 1, new Padding2D(0, 1, 0, 0));
        Assert.Equal([-4f, -6], Run(new MaxPool2D(window, FusedActivation.None), ([1, 1, 3, 1], [-4, -6, -8])));
    }

    [Fact]
    public void Softmax_of_large_values_does_not_overflow()
    {
        float[] y = Run(new Softmax(0, 2), ([3], [1000, 1000, -1000]));
        Assert.Equal([0.5f, 0.5f, 0], y);
    }

    [Fact]
    public void Quantize_rounds_halves_away_from_zero_and_saturates()
    {
        NodeView view = View(new Quantize(), [[6]]);
        view = view with { Graph = view.Graph.With([], [new Tensor("y", DataType.Int8, new Shape(6)) { Quantization = new Quantization(0.5f, 1) }]) };
        var run = new NodeRun(view, [new TensorValue(new Shape(6), [0.25f, -0.25f, 0.74f, 63, 1000, -1000])], [TensorValue.Create(DataType.Int8, new Shape(6))]);
        OperatorCatalog.RoomOf(new Quantize()).RunFloat(run);
        Assert.Equal([2, 0, 2, 127, 127, -128], run.Output.Int8);
    }

    [Fact]
    public void Dequantize_follows_scales_per_channel()
    {
        NodeView view = View(new Dequantize(), [[2, 2]]);
        var x = new Tensor("i0", DataType.Int8, new Shape(2, 2)) { Quantization = new Quantization([0.5f, 2f], [0, 0], 0) };
        view = view with { Graph = view.Graph.With([], [x]) };
        var run = new NodeRun(view, [new TensorValue(x.Shape, new sbyte[] { 1, -2, 3, -4 })], [TensorValue.Create(DataType.Float32, x.Shape)]);
        OperatorCatalog.RoomOf(new Dequantize()).RunFloat(run);
        Assert.Equal([0.5f, -1, 6, -8], run.Output.Floats);
    }
}
