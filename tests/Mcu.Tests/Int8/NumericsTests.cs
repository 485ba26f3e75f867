using System.Numerics;
using CsCheck;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Int8;

/// <summary>Int8 arithmetic against exact integers and real numbers.</summary>
public sealed class NumericsTests
{
    [Fact]
    public void Requantisation_rounds_twice_as_exact_integers_say()
    {
        Gen.Select(Gen.Int, Gen.Int[1 << 30, int.MaxValue], Gen.Int[0, 31]).Sample(
            (x, multiplier, right) =>
            {
                // Halves go up in the first rounding and away from zero in the second.
                BigInteger high = FloorDivide((2 * (BigInteger)x * multiplier) + (BigInteger.One << 31), BigInteger.One << 32);
                BigInteger divisor = BigInteger.One << right;
                BigInteger magnitude = FloorDivide((2 * BigInteger.Abs(high)) + divisor, 2 * divisor);
                BigInteger expected = high.Sign < 0 ? -magnitude : magnitude;
                return expected == FixedPoint.Requantize(x, multiplier, -right);
            },
            iter: 20000);
    }

    [Fact]
    public void A_real_multiplier_is_kept_to_31_bits()
    {
        Gen.Select(Gen.Double[1, 2], Gen.Int[-30, 20]).Sample(
            (mantissa, exponent) =>
            {
                double real = Math.ScaleB(mantissa, exponent);
                Requantization by = FixedPoint.QuantizeMultiplier(real);
                return Math.Abs((by.Multiplier * Math.ScaleB(1, by.Shift - 31)) - real) <= real * Math.ScaleB(1, -31)
                    && by.Multiplier >= 1 << 30;
            },
            iter: 5000);
        Assert.Equal(new Requantization(0, 0), FixedPoint.QuantizeMultiplier(0));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    [InlineData(1)]
    public void Softmax_is_within_one_step_of_real_numbers(float scale)
    {
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            int depth = random.Next(2, 30);
            Graph graph = SoftmaxGraph(depth, scale);
            sbyte[] x = [.. Enumerable.Range(0, depth).Select(_ => (sbyte)random.Next(-128, 128))];
            sbyte[] y = Int8Reference.Run(Int8Model.Prepare(graph), new TensorValue(new Shape(1, depth), x)).Int8;

            double[] exponentials = [.. x.Select(v => Math.Exp(scale * (v - x.Max())))];
            double[] expected = [.. exponentials.Select(e => Math.Min(127, (256 * e / exponentials.Sum()) - 128))];

            Assert.All(y.Zip(expected), p => Assert.InRange(p.First, p.Second - 1.01, p.Second + 1.01));
        }
    }

    /// <summary>
    /// The bound: half a step of rounding A and B in each product, one rounding of u per rank times B, one of the aligned
    /// sum, and one of the output.
    /// </summary>
    [Fact]
    public void The_side_path_follows_its_real_value_within_the_rounding_of_its_factors()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            var random = new Random(seed);
            (int depth, int outputs, int rank) = (random.Next(1, 60), random.Next(1, 20), random.Next(1, 9));
            Graph graph = AdapterFlashTests.Layer(depth, outputs, seed);
            Int8Model model = Int8Model.Prepare(GraphQuantizer.Quantize(graph, new Dictionary<string, ActivationRange> { ["x"] = new(-3, 5), ["y"] = new(-20, 20) }));
            BoundAdapter adapter = AdapterFlashTests.Adapter(depth, outputs, rank, 0, seed);
            var layer = (LinearLayer)Int8AdapterBuilder.Add(model, graph, adapter, AdapterModeChoice.Side).LayerOf(model.Graph.Nodes[0], 1);
            var lora = (LoraPatch)adapter.Patches[0];
            int[] patch = [.. Enumerable.Range(0, depth).Select(_ => random.Next(-128, 128) - layer.InputZeroPoint)];
            var outputsWith = new sbyte[outputs];
            LinearReference.Run(layer, patch, outputsWith);
            for (int o = 0; o < outputs; o++)
            {
                (double real, double bound) = Real(layer, lora, patch, o);
                Assert.True(Math.Abs(outputsWith[o] - real) <= bound + 0.51, $"seed {seed}, output {o}: {outputsWith[o]} and {real}, bound {bound}");
            }
        }
    }

    /// <summary>The output in real arithmetic over the int8 base weights, in output steps, and the bound of the side path's error.</summary>
    private static (double Value, double Bound) Real(LinearLayer layer, LoraPatch lora, int[] patch, int o)
    {
        int depth = patch.Length;
        double step = layer.InputScale * (double)layer.WeightScales[o] / layer.OutputScale;
        double accumulator = layer.Bias[o] + Enumerable.Range(0, depth).Sum(k => (double)layer.Weights[(o * depth) + k] * patch[k]);
        double magnitude = patch.Sum(x => (double)Math.Abs(x));
        double real = accumulator * step;
        double bound = 0.5 * step;
        double largestProjection = Enumerable.Range(0, lora.Rank).Max(r => Enumerable.Range(0, depth).Sum(k => Math.Abs((double)lora.A.Values[(r * depth) + k])) * 256) * layer.InputScale * 1.01;
        double largestB = Enumerable.Range(0, lora.Rank).Max(r => Math.Abs((double)lora.B.Values[(o * lora.Rank) + r]));
        for (int r = 0; r < lora.Rank; r++)
        {
            double[] a = [.. Enumerable.Range(0, depth).Select(k => (double)lora.A.Values[(r * depth) + k])];
            double u = a.Zip(patch, (w, x) => w * x).Sum() * layer.InputScale;
            double b = lora.B.Values[(o * lora.Rank) + r] * lora.Scale;
            double uError = (a.Max(Math.Abs) / 127 / 2 * magnitude * layer.InputScale) + (largestProjection / 32767);
            double bError = largestB / 127;
            real += u * b / layer.OutputScale;
            bound += ((Math.Abs(b) * uError) + (bError * (Math.Abs(u) + uError))) / layer.OutputScale;
        }

        return (Math.Clamp(real + layer.OutputZeroPoint, layer.ActivationMin, layer.ActivationMax), bound + step);
    }

    private static Graph SoftmaxGraph(int depth, float scale)
    {
        Tensor x = new("x", DataType.Int8, new Shape(1, depth)) { Quantization = new Quantization(scale, 0) };
        Tensor y = x with { Name = "y", Quantization = new Quantization(1f / 256, -128) };
        return new Graph(
            new ModelSource("softmax", SourceFormat.Tflite, "00"),
            [new Node("softmax", new Softmax(1, 1), ["x"], ["y"])],
            System.Collections.Immutable.ImmutableDictionary<string, Tensor>.Empty.Add("x", x).Add("y", y),
            ["x"],
            ["y"]);
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b) => BigInteger.Divide(a - (((a % b) + b) % b), b);
}
