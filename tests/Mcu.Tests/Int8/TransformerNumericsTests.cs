using CsCheck;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Int8;

/// <summary>Int8 operators of transformers against the same numbers in double precision.</summary>
public sealed class TransformerNumericsTests
{
    /// <summary>Half a step of the last rounding, and a little for 31-bit multipliers and float numbers.</summary>
    private const double HalfStep = 0.502;

    [Fact]
    public void The_inverse_square_root_is_right_to_28_bits()
    {
        Gen.Select(Gen.Double[0, 62], Gen.Int[0, 2]).Sample(
            (exponent, near) =>
            {
                ulong w = Math.Clamp((ulong)Math.Pow(2, near == 0 ? Math.Floor(exponent) : exponent) + (ulong)near - 1, 1, (1UL << 62) - 1);
                (int multiplier, int shift) = InverseSquareRoot.Of(w);
                double expected = 1 / Math.Sqrt(w);
                return multiplier > 0 && Math.Abs(Math.ScaleB(multiplier, shift - 61) - expected) <= expected * Math.ScaleB(1, -28);
            },
            iter: 100000);
    }

    /// <summary>
    /// Rows of many lengths, spreads and offsets, rows of one value and rows with one outlier. Measured: all within one step, 99.9 %
    /// the rounded real number itself.
    /// </summary>
    [Fact]
    public void Layer_normalisation_is_within_one_step_of_real_numbers()
    {
        int exact = 0;
        int total = 0;
        for (int seed = 1; seed <= 3000; seed++)
        {
            var random = new Random(seed);
            Graph graph = new Int8GraphBuilder(random, new Shape(2, LengthOf(random))).Normalize(0.1f + (4 * random.NextSingle()), random.Next(4) > 0).Build();
            sbyte[] x = Rows(random, graph[graph.Inputs[0]].Shape);
            (sbyte[] y, double[] real) = Both(graph, x);
            for (int i = 0; i < y.Length; i++)
            {
                double clamped = Math.Clamp(real[i], -128, 127);
                Assert.True(Math.Abs(y[i] - clamped) < 1, $"seed {seed}, element {i}: {y[i]} for {real[i]}");
                exact += Math.Abs(y[i] - clamped) <= HalfStep ? 1 : 0;
                total++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{exact} of {total} are the nearest int8");
        Assert.InRange(exact, total * 0.998, total);
    }

    /// <summary>Published values of the normal distribution: gelu(x) = x·Φ(x).</summary>
    [Theory]
    [InlineData(1, 0.841344746)]
    [InlineData(-1, -0.158655254)]
    [InlineData(2, 1.954499736)]
    [InlineData(-2, -0.045500264)]
    [InlineData(-0.5, -0.154268769)]
    public void The_gelu_table_holds_rounded_real_values(double x, double expected)
    {
        var input = new Quantization(1f / 32, -10);
        var output = new Quantization(1f / 64, -100);
        Graph graph = OneNode(new Gelu(false), [Activation("x", new Shape(1), input)], Activation("y", new Shape(1), output));

        sbyte[] y = Run(graph, [(sbyte)((x * 32) - 10)]);

        Assert.Equal(Math.Round(expected * 64, MidpointRounding.AwayFromZero) - 100, y[0]);
    }

    [Fact]
    public void Products_of_matrices_are_real_products_rounded()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            (int rows, int depth, int columns) = (random.Next(1, 8), random.Next(1, 40), random.Next(1, 8));
            (bool turnX, bool turnY) = (random.Next(2) == 0, random.Next(2) == 0);
            int[] batch = random.Next(2) == 0 ? [3] : [1];
            var builder = new Int8GraphBuilder(random, turnX ? new Shape(3, depth, rows) : new Shape(3, rows, depth));
            builder.WithConstant(new BatchMatMul(turnX, turnY), turnY ? [.. batch, columns, depth] : [.. batch, depth, columns], false, 90, new Shape(3, rows, columns));
            AssertRounded(builder.Build(), random, seed);
        }
    }

    [Fact]
    public void Element_wise_operators_with_constants_round_real_numbers()
    {
        int[][] shapes = [[2, 3, 4], [4], [1], [3, 1], [2, 1, 4], [2, 1, 1], []];
        for (int seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            Operator op = random.Next(2) == 0 ? new Add(FusedActivation.None) : new Mul(FusedActivation.None);
            Graph graph = new Int8GraphBuilder(random, new Shape(2, 3, 4)).WithConstant(op, shapes[seed % shapes.Length], random.Next(2) == 0).Build();
            AssertRounded(graph, random, seed);
        }
    }

    [Fact]
    public void Softmax_over_any_axis_is_softmax_over_the_last_of_the_transposed_tensor()
    {
        for (int axis = 0; axis < 4; axis++)
        {
            int[] swap = [.. Enumerable.Range(0, 4).Select(i => i == axis ? 3 : i == 3 ? axis : i)];
            var random = new Random(axis);
            Graph direct = new Int8GraphBuilder(random, new Shape(2, 3, 4, 5)).Softmax(axis, 0.7f).Build();
            Graph turned = new Int8GraphBuilder(new Random(axis), new Shape(2, 3, 4, 5)).Transpose(swap).Softmax(3, 0.7f).Transpose(swap).Build();
            sbyte[] x = [.. Enumerable.Range(0, 120).Select(_ => (sbyte)random.Next(-128, 128))];

            Assert.Equal(Run(turned, x), Run(direct, x));
        }
    }

    /// <summary>Each of 600 equal probabilities is 0.43 steps.</summary>
    [Fact]
    public void Softmax_of_a_long_flat_row_is_zero()
    {
        Graph graph = new Int8GraphBuilder(new Random(1), new Shape(1, 600)).Softmax(1, 1).Build();

        Assert.All(Run(graph, new sbyte[600]), y => Assert.Equal(-128, y));
    }

    private static void AssertRounded(Graph graph, Random random, int seed)
    {
        (sbyte[] y, double[] real) = Both(graph, Rows(random, graph[graph.Inputs[0]].Shape));
        for (int i = 0; i < y.Length; i++)
        {
            double clamped = Math.Clamp(real[i], -128, 127);
            Assert.True(Math.Abs(y[i] - clamped) <= HalfStep + FirstRounding(graph), $"seed {seed}, element {i}: {y[i]} for {real[i]}");
        }
    }

    /// <summary>
    /// TensorFlow Lite rounds twice, first to whole multiples of the power of two that the second rounding divides by. (The
    /// 20 more bits of an addition make its first rounding vanish.)
    /// </summary>
    private static double FirstRounding(Graph graph)
    {
        Node node = graph.Nodes[^1];
        double multiplier = graph[node.Inputs[0]].Quantization!.Scale * (double)graph[node.Inputs[1]].Quantization!.Scale / graph[node.Output].Quantization!.Scale;
        return node.Operator is Add ? 0 : Math.Min(0.5, Math.ScaleB(1, Math.ILogB(multiplier)));
    }

    private static int LengthOf(Random random) => random.Next(6) switch { 0 => random.Next(1, 5), 1 => random.Next(200, 800), _ => random.Next(5, 200) };

    /// <summary>Values over all or part of the range; some rows are flat or have one outlier.</summary>
    private static sbyte[] Rows(Random random, Shape shape)
    {
        int spread = random.Next(4) switch { 0 => 2, 1 => 30, _ => 256 };
        int low = random.Next(-128, 129 - spread);
        sbyte[] x = [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (sbyte)(low + random.Next(spread)))];
        if (random.Next(10) == 0)
        {
            Array.Fill(x, (sbyte)low);
            x[random.Next(x.Length)] = 127;
        }

        return x;
    }

    /// <summary>The int8 output, and the output in steps of its grid by the float reference on the dequantised graph.</summary>
    private static (sbyte[] Y, double[] Real) Both(Graph graph, sbyte[] x)
    {
        Tensor input = graph[graph.Inputs[0]];
        Tensor output = graph[graph.Outputs[0]];
        Graph real = Dequantised(graph);
        var value = new TensorValue(input.Shape, Int8Samples.Dequantize(new TensorValue(input.Shape, x), input));
        float[] y = FloatReference.Run(real, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [input.Name] = value })[output.Name].Floats;
        return (Run(graph, x), Array.ConvertAll(y, v => ((double)v / output.Quantization!.Scale) + output.Quantization.ZeroPoint));
    }

    private static Graph Dequantised(Graph graph) => GraphValidator.Validate(graph.With(
        graph.Nodes, graph.Tensors.Values.Select(t => t with { Type = DataType.Float32, Data = RealOf(t), Quantization = null })));

    private static FloatData? RealOf(Tensor tensor)
    {
        Quantization q = tensor.Quantization!;
        IEnumerable<int>? values = tensor.Data switch
        {
            Int8Data d => d.Values.Select(v => (int)v),
            Int16Data d => d.Values.Select(v => (int)v),
            Int32Data d => d.Values,
            _ => null,
        };
        return values is null ? null : new FloatData([.. values.Select(v => q.Scale * (v - q.ZeroPoint))]);
    }

    private static sbyte[] Run(Graph graph, sbyte[] x) =>
        Int8Reference.Run(Int8Model.Prepare(graph), new TensorValue(graph[graph.Inputs[0]].Shape, x)).Int8;

    private static Tensor Activation(string name, Shape shape, Quantization quantization) =>
        new(name, DataType.Int8, shape) { Quantization = quantization };

    private static Graph OneNode(Operator op, Tensor[] inputs, Tensor output) => GraphValidator.Validate(new Graph(
        new ModelSource("one.tflite", SourceFormat.Tflite, "00"),
        [new Node("n", op, [.. inputs.Select(t => t.Name)], [output.Name])],
        System.Collections.Immutable.ImmutableDictionary<string, Tensor>.Empty.AddRange(inputs.Append(output).Select(t => KeyValuePair.Create(t.Name, t))),
        [inputs[0].Name],
        [output.Name]));
}
