using System.Collections.Immutable;
using Mcu.Generator.Calibration;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Planning;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Int8;

/// <summary>Quantisation rules of the operators of transformers.</summary>
public sealed class TransformerQuantizerTests
{
    private static readonly ActivationRange Unit = new(-1, 1);

    [Fact]
    public void A_product_with_a_positive_number_changes_the_scale_alone()
    {
        Graph graph = Quantise(Chain([2, 3], (new Mul(FusedActivation.None), ["c", "*"], [2, 3])), Constant("c", [1], 0.35f));
        Int8Model model = Int8Model.Prepare(graph);
        sbyte[] x = [-128, -3, 0, 1, 77, 127];

        Assert.Equal(graph["x"].Quantization!.Scale * 0.35f, graph["t0"].Quantization!.Scale);
        Assert.Equal(x, Int8Reference.Run(model, new TensorValue(new Shape(2, 3), x)).Int8);
    }

    /// <summary>Two products in a chain and a table between: one kernel call is left.</summary>
    [Fact]
    public void Such_a_product_has_no_kernel()
    {
        Graph graph = Quantise(
            Chain([2, 3], (new Mul(FusedActivation.None), ["*", "c"], [2, 3]), (new Gelu(false), ["*"], [2, 3]), (new Mul(FusedActivation.None), ["c", "*"], [2, 3])),
            Constant("c", [1], 0.35f));

        CProgram program = CProgramBuilder.Build(Int8Model.Prepare(graph), KernelSet.Portable, PlannerOptions.Default, TestContext.Current.CancellationToken);

        Assert.Equal(["mcu_lookup_s8"], program.Steps.Select(s => s.Layer.Function));
    }

    [Theory]
    [InlineData(1f, 8)]
    [InlineData(0.4f, 9)]
    [InlineData(0.02f, 13)]
    [InlineData(1e-9f, 15)]
    public void Weights_of_attention_get_the_finest_power_of_two_that_holds_them(float largest, int bits)
    {
        Graph chain = Chain([1, 3, 3], (new Softmax(2, 1), ["*"], [1, 3, 3]), (new BatchMatMul(false, false), ["*", "x"], [1, 3, 3]));

        Graph graph = GraphQuantizer.Quantize(Validated(chain), Ranges(chain, new ActivationRange(0, largest)));

        Assert.Equal(new Quantization(MathF.ScaleB(1, -bits), -128), graph["t0"].Quantization);
    }

    [Fact]
    public void A_softmax_that_the_network_gives_out_keeps_the_usual_scale()
    {
        Graph chain = Chain([1, 3], (new Softmax(1, 1), ["*"], [1, 3]));

        Assert.Equal(new Quantization(1f / 256, -128), GraphQuantizer.Quantize(Validated(chain), Ranges(chain, new ActivationRange(0, 0.01f)))["t0"].Quantization);
    }

    /// <summary>
    /// Gamma and beta do not depend on activations, so nodes that share them go on sharing them. The third value needs the most room:
    /// 32769·2 + 2^14·0.3 = 70,453 of gamma's steps, which become half of 2^30 - 32769, so gamma's step is 70,453 / 536,854,528.
    /// </summary>
    [Fact]
    public void Normalisations_share_their_constants()
    {
        Graph graph = Quantise(
            Chain([2, 4], (new LayerNormalization(1, 1e-5f), ["*", "g", "b"], [2, 4]), (new LayerNormalization(1, 1e-5f), ["*", "g", "b"], [2, 4])),
            Constant("g", [4], 1, -0.5f, 2, 0.25f),
            Constant("b", [4], 0.1f, 0, -0.3f, 0.2f));

        Assert.Equal(graph.Nodes[0].Inputs.Skip(1), graph.Nodes[1].Inputs.Skip(1));
        Assert.Equal(DataType.Int16, graph["g"].Type);
        Assert.Equal([7620, -3810, 15240, 1905], ((Int16Data)graph["g"].Data!).Values.Select(v => (int)v));
        Assert.Equal(DataType.Int32, graph["b"].Type);
    }

    /// <summary>A beta that dwarfs gamma gives gamma a coarser scale, so that beta stays within its bound.</summary>
    [Fact]
    public void A_large_beta_stays_in_range()
    {
        Graph graph = Quantise(
            Chain([2, 4], (new LayerNormalization(1, 1e-5f), ["*", "g", "b"], [2, 4])), Constant("g", [4], 1e-4f, 1e-4f, 1e-4f, 1e-4f), Constant("b", [4], 50, -50, 0, 1));

        Assert.All(((Int32Data)graph["b"].Data!).Values, v => Assert.InRange(v, -(1 << 29), 1 << 29));
        Assert.Equal(50, ((Int32Data)graph["b"].Data!).Values[0] * (double)graph["b"].Quantization!.Scale, 1e-4);
        Int8Model.Prepare(graph);
    }

    /// <summary>The scale of a bias holds the input's, so two layers that share a bias need a copy each.</summary>
    [Fact]
    public void Layers_that_share_a_bias_get_a_copy_each()
    {
        Graph graph = Quantise(
            Chain([2, 2], (new FullyConnected(FusedActivation.None), ["*", "w", "b"], [2, 2]), (new FullyConnected(FusedActivation.None), ["*", "w", "b"], [2, 2])),
            Constant("w", [2, 2], 1, -0.5f, 0.5f, 0.25f),
            Constant("b", [2], 0.1f, 0.2f));

        Assert.Equal(graph.Nodes[0].Inputs[1], graph.Nodes[1].Inputs[1]);
        Assert.NotEqual(graph.Nodes[0].Inputs[2], graph.Nodes[1].Inputs[2]);
        foreach (Node node in graph.Nodes)
        {
            Tensor bias = graph[node.Inputs[2]];
            Assert.Equal(0.2, ((Int32Data)bias.Data!).Values[1] * (double)bias.Quantization!.ScaleOf(1), 1e-3);
        }
    }

    [Fact]
    public void A_constant_addend_is_quantised_by_its_own_range()
    {
        Graph graph = Quantise(Chain([2, 2], (new Add(FusedActivation.None), ["c", "*"], [2, 2])), Constant("c", [2], 2, 3));

        Assert.Equal(new Quantization(3f / 255, -128), graph["c"].Quantization);
        Assert.Equal([42, 127], ((Int8Data)graph["c"].Data!).Values.Select(v => (int)v));
    }

    private static Tensor Constant(string name, int[] shape, params float[] values) =>
        new(name, DataType.Float32, new Shape(shape)) { Data = new FloatData(values.ToEquatableArray()) };

    /// <summary>Nodes one after the other; <c>*</c> stands for what the one before wrote.</summary>
    private static Graph Chain(int[] shape, params (Operator Operator, string[] Inputs, int[] Shape)[] nodes)
    {
        string before(int i) => i == 0 ? "x" : $"t{i - 1}";
        IEnumerable<Tensor> tensors = nodes.Select((n, i) => new Tensor($"t{i}", DataType.Float32, new Shape(n.Shape))).Prepend(new Tensor("x", DataType.Float32, new Shape(shape)));
        return new Graph(
            new ModelSource("chain.onnx", SourceFormat.Onnx, "00"),
            [.. nodes.Select((n, i) => new Node($"n{i}", n.Operator, [.. n.Inputs.Select(name => name == "*" ? before(i) : name)], [$"t{i}"]))],
            tensors.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal),
            ["x"],
            [before(nodes.Length)]);
    }

    private static Graph Validated(Graph chain, params Tensor[] constants) => GraphValidator.Validate(chain.With(chain.Nodes, constants));

    private static Graph Quantise(Graph chain, params Tensor[] constants) => GraphQuantizer.Quantize(Validated(chain, constants), Ranges(chain, new ActivationRange(-3, 3)));

    /// <summary>The given range for the first node's output, -1 to 1 for others.</summary>
    private static Dictionary<string, ActivationRange> Ranges(Graph chain, ActivationRange first) =>
        chain.Tensors.Keys.ToDictionary(name => name, name => name == "t0" ? first : Unit, StringComparer.Ordinal);
}
