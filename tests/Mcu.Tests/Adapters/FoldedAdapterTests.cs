using Google.Protobuf;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Adapters;

/// <summary>
/// Adapters on layers that passes changed: batch normalisation folded into rows, a flatten whose columns move with the
/// layout, matrices stored as [K,O]. The truth is ONNX Runtime on the model as written with merged initializers.
/// </summary>
public class FoldedAdapterTests
{
    private readonly Random random = new(7);
    private readonly List<PeftModule> modules = [];
    private readonly DiagnosticBag notes = new();

    [Fact]
    public void Lora_and_bias_follow_a_folded_batch_normalisation()
    {
        ModelProto model = Network();
        Lora(model, "conv", [2, 3, 3, 3], [4, 2, 1, 1]);
        Bias(model, "conv", 4);

        Check(model);
    }

    [Fact]
    public void Lora_follows_the_columns_of_a_flatten()
    {
        ModelProto model = Network();
        Lora(model, "fc", [3, 144], [5, 3]);

        Check(model);
    }

    [Fact]
    public void A_replaced_layer_follows_columns_and_batch_normalisation()
    {
        ModelProto model = Network();
        Save(model, "fc", 5, 144);
        Save(model, "conv", 4, 3, 3, 3);

        Check(model);
    }

    [Fact]
    public void Lora_on_a_matrix_product_is_transposed_into_it()
    {
        ModelProto model = Network();
        Lora(model, "head", [2, 5], [3, 2], transposed: true);
        Bias(model, "head", 3);

        Check(model);
    }

    [Theory]
    [InlineData("bn")]
    [InlineData("late")]
    public void A_batch_normalisation_takes_other_parameters_and_statistics(string module)
    {
        ModelProto model = Network();
        Normalization(model, module, weight: true, bias: true, statistics: true);

        Check(model);
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void What_an_adapter_leaves_of_a_batch_normalisation_is_the_bases(bool weight, bool bias, bool statistics)
    {
        ModelProto model = Network();
        Normalization(model, "bn", weight, bias, statistics);
        Normalization(model, "late", weight, bias, statistics);

        Check(model);
    }

    [Fact]
    public void Layer_and_batch_normalisation_after_it_change_together()
    {
        ModelProto model = Network();
        Normalization(model, "bn", weight: true, bias: true, statistics: true);
        Lora(model, "conv", [2, 3, 3, 3], [4, 2, 1, 1]);
        Bias(model, "conv", 4);

        Check(model);
    }

    [Fact]
    public void Scaled_outputs_of_a_layer_come_before_its_batch_normalisation()
    {
        ModelProto model = Network();
        AdapterTensor scale = Random(1, 4, 1, 1);
        modules.Add(new PeftModule("conv", null, null, null, null, false) { Scale = new ChannelScale(scale, OnInput: false) });
        OnnxAdapterMerge.Replace(model, "conv.weight", [.. OnnxAdapterMerge.ValuesOf(model, "conv.weight").Select((w, i) => w * scale.Values[i / 27])]);
        OnnxAdapterMerge.Replace(model, "conv.bias", [.. OnnxAdapterMerge.ValuesOf(model, "conv.bias").Select((b, o) => b * scale.Values[o])]);

        Check(model);
    }

    [Fact]
    public void A_magnitude_follows_a_folded_batch_normalisation_and_the_columns_of_a_flatten()
    {
        ModelProto model = Network();
        Lora(model, "conv", [2, 3, 3, 3], [4, 2, 1, 1]);
        Dora(model, "conv", 4);
        Lora(model, "fc", [3, 144], [5, 3]);
        Dora(model, "fc", 5);

        Check(model);
    }

    [Fact]
    public void Scaled_inputs_and_single_differences_follow_the_columns_of_a_flatten()
    {
        ModelProto model = Network();
        AdapterTensor scale = Random(1, 144);
        modules.Add(new PeftModule("fc", null, null, null, null, false)
        {
            Scale = new ChannelScale(scale, OnInput: true),
            Sparse = new SparseDifference(2, [0, 4, 4, 143, 7, 7], [0.5f, 0.25f, -1]),
        });
        float[] weights = OnnxAdapterMerge.ValuesOf(model, "fc.weight");
        weights[143] += 0.5f;
        weights[(4 * 144) + 7] += 0.25f - 1;
        OnnxAdapterMerge.Replace(model, "fc.weight", [.. weights.Select((w, i) => w * scale.Values[i % 144])]);

        Check(model);
    }

    [Fact]
    public void A_channel_that_the_base_switched_off_cannot_be_switched_on_again()
    {
        OnnxModelBuilder builder = new OnnxModelBuilder().Input("x", 1, 2, 3, 3).Weights("c.weight", [2, 2, 1, 1])
            .Weights("n.weight", [2], 0, 1).Weights("n.bias", [2]).Weights("n.mean", [2]).Weights("n.var", [2], 1, 1)
            .Node("Conv", "x c.weight", "t").Node("BatchNormalization", "t n.weight n.bias n.mean n.var", "y").Output("y");
        modules.Add(new PeftModule("n", null, null, new AdapterTensor(new Shape(2), [1, 1]), null, false));

        Assert.Equal("MCU0509", Assert.Throws<DiagnosticException>(() => Merged(builder.Model)).Diagnostic.Code);
    }

    [Fact]
    public void A_normalisation_that_the_base_does_not_have_is_refused_with_its_own_words()
    {
        modules.Add(new PeftModule("conv", null, null, null, null, false) { RunningMean = Random(4) });
        modules.Add(new PeftModule("gone", null, null, null, null, false) { RunningMean = Random(4) });

        Diagnostic error = Assert.Throws<DiagnosticException>(() => Merged(Network())).Diagnostic;

        Assert.Equal("MCU0513", error.Code);
        Assert.Contains("bn.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constant_added_after_a_layer_with_a_bias_stays_and_cannot_be_replaced()
    {
        ModelProto model = new OnnxModelBuilder().Input("x", 1, 2).Weights("fc.weight", [2, 2]).Weights("fc.bias", [2]).Weights("more.bias", [2])
            .Node("Gemm", "x fc.weight fc.bias", "g", ("transB", 1)).Node("Add", "g more.bias", "y").Output("y").Model;
        modules.Add(AdapterCases.Bias("more", 1, 2));

        Assert.Equal("MCU0509", Assert.Throws<DiagnosticException>(() => Merged(model)).Diagnostic.Code);
    }

    [Fact]
    public void The_bias_of_a_scaled_gemm_is_refused()
    {
        ModelProto model = new OnnxModelBuilder().Input("x", 1, 2).Weights("fc.weight", [2, 2]).Weights("fc.bias", [2])
            .Node("Gemm", "x fc.weight fc.bias", "y", ("transB", 1), ("alpha", 2f), ("beta", 3f)).Output("y").Model;
        modules.Add(AdapterCases.Bias("fc", 1, 2));

        Assert.Equal("MCU0509", Assert.Throws<DiagnosticException>(() => Merged(model)).Diagnostic.Code);
    }

    /// <summary>conv 3x3 → batch normalisation → relu → pool → batch normalisation alone → flatten → Gemm → MatMul + Add.</summary>
    private static ModelProto Network() => new OnnxModelBuilder()
        .Input("x", 1, 3, 12, 12)
        .Weights("conv.weight", [4, 3, 3, 3]).Weights("conv.bias", [4])
        .Weights("bn.weight", [4]).Weights("bn.bias", [4]).Weights("bn.mean", [4]).Weights("bn.var", [4], 0.5f, 1, 2, 3)
        .Weights("late.weight", [4]).Weights("late.bias", [4]).Weights("late.mean", [4]).Weights("late.var", [4], 1, 2, 3, 0.5f)
        .Weights("fc.weight", [5, 144]).Weights("fc.bias", [5])
        .Weights("head.weight", [5, 3]).Weights("head.bias", [3])
        .Node("Conv", "x conv.weight conv.bias", "c", ("pads", new[] { 1, 1, 1, 1 }))
        .Node("BatchNormalization", "c bn.weight bn.bias bn.mean bn.var", "b")
        .Node("Relu", "b", "r")
        .Node("MaxPool", "r", "p", ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }))
        .Node("BatchNormalization", "p late.weight late.bias late.mean late.var", "l")
        .Node("Flatten", "l", "f")
        .Node("Gemm", "f fc.weight fc.bias", "g", ("transB", 1))
        .Node("MatMul", "g head.weight", "m")
        .Node("Add", "m head.bias", "y")
        .Output("y")
        .Model;

    private void Check(ModelProto changed)
    {
        Graph merged = Merged(Network());
        var feed = new Dictionary<string, TensorValue>(StringComparer.Ordinal) { ["x"] = new(new Shape(1, 3, 12, 12), Values(432)) };

        float[] expected = OnnxRuntimeExecutor.Run(changed.ToByteArray(), feed)["y"].Floats;
        float[] actual = FloatReference.Run(merged, feed)["y"].Floats;
        float[] original = OnnxRuntimeExecutor.Run(Network().ToByteArray(), feed)["y"].Floats;

        double scale = Math.Max(1, expected.Max(Math.Abs));
        Assert.True(expected.Zip(original, (a, b) => Math.Abs(a - b)).Max() > 0.01 * scale, "the adapter changes too little to test anything");
        Assert.True(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() <= 2e-5 * scale, $"{string.Join(", ", expected)} and {string.Join(", ", actual)}");
    }

    private Graph Merged(ModelProto model)
    {
        Graph graph = StandardPasses.Canonicalise(OnnxReader.Read(model.ToByteArray(), "net.onnx", notes), notes);
        return FloatMerge.Apply(graph, AdapterBinder.Bind(AdapterCases.Adapter([.. modules]), graph, null, notes));
    }

    private void Lora(ModelProto model, string module, int[] a, int[] b, bool transposed = false)
    {
        var factors = new LoraFactors(Random(a), Random(b), a[0], 0.5);
        modules.Add(new PeftModule(module, factors, null, null, null, false));
        OnnxAdapterMerge.AddLora(model, module + ".weight", factors.A.Values.ToArray(), factors.B.Values.ToArray(), a[0], 0.5, transposed);
    }

    private void Normalization(ModelProto model, string module, bool weight, bool bias, bool statistics)
    {
        AdapterTensor? part(bool given, string name, Func<float, float> map)
        {
            if (!given)
            {
                return null;
            }

            AdapterTensor value = Random(4);
            value = value with { Values = value.Values.Select(map).ToEquatableArray() };
            OnnxAdapterMerge.Replace(model, $"{module}.{name}", value.Values.ToArray());
            return value;
        }

        modules.Add(new PeftModule(module, null, null, part(weight, "weight", v => v + 1.5f), part(bias, "bias", v => v), false)
        {
            RunningMean = part(statistics, "mean", v => v),
            RunningVariance = part(statistics, "var", v => v + 1.5f),
        });
    }

    /// <summary>Gives the module's low-rank change norms of its own; the model already holds W + s·B·A.</summary>
    private void Dora(ModelProto model, string module, int outputs)
    {
        AdapterTensor magnitude = Random(outputs);
        int at = modules.FindIndex(m => m.Module == module);
        modules[at] = modules[at] with { Lora = modules[at].Lora! with { Magnitude = magnitude } };
        float[] weights = OnnxAdapterMerge.ValuesOf(model, module + ".weight");
        int columns = weights.Length / outputs;
        double[] norms = [.. Enumerable.Range(0, outputs).Select(o => Math.Sqrt(weights.Skip(o * columns).Take(columns).Sum(w => (double)w * w)))];
        OnnxAdapterMerge.Replace(model, module + ".weight", [.. weights.Select((w, i) => (float)(w * magnitude.Values[i / columns] / norms[i / columns]))]);
    }

    private void Bias(ModelProto model, string module, int outputs)
    {
        AdapterTensor bias = Random(outputs);
        int at = modules.FindIndex(m => m.Module == module);
        if (at < 0)
        {
            modules.Add(new PeftModule(module, null, bias, null, null, false));
        }
        else
        {
            modules[at] = modules[at] with { Bias = bias };
        }

        OnnxAdapterMerge.Replace(model, module + ".bias", bias.Values.ToArray());
    }

    private void Save(ModelProto model, string module, params int[] shape)
    {
        AdapterTensor weight = Random(shape);
        AdapterTensor bias = Random(shape[0]);
        modules.Add(new PeftModule(module, null, null, weight, bias, false));
        OnnxAdapterMerge.Replace(model, module + ".weight", weight.Values.ToArray());
        OnnxAdapterMerge.Replace(model, module + ".bias", bias.Values.ToArray());
    }

    private AdapterTensor Random(params int[] shape) => new(new Shape(shape), Values(shape.Aggregate(1, (p, d) => p * d)).ToEquatableArray());

    private float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
}
