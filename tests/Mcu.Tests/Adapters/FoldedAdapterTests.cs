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
    public void The_bias_of_a_batch_normalisation_is_refused(string module)
    {
        modules.Add(AdapterCases.Bias(module, 1, 2, 3, 4));

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Merged(Network()));

        Assert.Equal("MCU0509", error.Diagnostic.Code);
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
