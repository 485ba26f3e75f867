using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Onnx;

/// <summary>Two compact convolutional transformers against ONNX Runtime and against their published outputs.</summary>
public class CctOnnxTests
{
    internal const string Plain = "onnx/cct_16_8";
    internal const string WithLora = "onnx/cct2_lora1";

    [Theory]
    [InlineData(Plain, "network.onnx")]
    [InlineData(WithLora, "network_infer.onnx")]
    public void Every_node_as_read_equals_OnnxRuntime(string folder, string file)
    {
        byte[] model = File.ReadAllBytes(TestData.Shared($"{folder}/{file}"));
        Graph graph = OnnxReader.Read(model, file, new DiagnosticBag());
        VerificationReport report = OnnxVerifier.Verify(model, graph, SampleInputs.Create(graph, 1));
        Assert.Equal(graph.Nodes.Length, report.Tensors.Length);
        Assert.True(report.Passed, string.Join("\n", report.Failures));
    }

    [Theory]
    [InlineData(Plain, "network.onnx", "Conv2D MaxPool2D Reshape Transpose Add LayerNormalization FullyConnected BatchMatMul Softmax Gelu", 3)]
    [InlineData(WithLora, "network_infer.onnx", "Conv2D MaxPool2D Reshape Transpose Add LayerNormalization FullyConnected BatchMatMul Softmax Gelu", 5)]
    public void The_canonical_form_holds_fused_operators_alone_and_equals_OnnxRuntime(string folder, string file, string operators, int normalizations)
    {
        byte[] model = File.ReadAllBytes(TestData.Shared($"{folder}/{file}"));
        Graph graph = StandardPasses.Canonicalise(OnnxReader.Read(model, file, new DiagnosticBag()), new DiagnosticBag());
        string[] names = [.. graph.Nodes.Select(n => n.Operator.GetType().Name)];
        Assert.Equal(operators.Split(' ').Order(StringComparer.Ordinal), names.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(normalizations, names.Count(n => n == "LayerNormalization"));
        VerificationReport report = OnnxVerifier.Verify(model, graph, SampleInputs.Create(graph, 5));
        Assert.True(report.Tensors.Length > 25, $"{report.Tensors.Length} tensors");
        Assert.True(report.Passed, string.Join("\n", report.Failures));
    }

    [Fact]
    public void The_published_output_comes_out()
    {
        float[] expected = Floats(TestData.Shared($"{Plain}/outputs.npz"), "output");
        Graph read = OnnxReader.ReadFile(TestData.Shared($"{Plain}/network.onnx"), new DiagnosticBag());
        foreach (Graph graph in new[] { read, StandardPasses.Canonicalise(read, new DiagnosticBag()) })
        {
            float[] output = Output(graph, Plain);
            Assert.All(expected.Zip(output), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    /// <summary>
    /// What is published for the network with LoRA is one training step: stochastic gradient descent at rate 0.01 on the
    /// cross entropy moves the last layer's bias by <c>0.01 · (softmax(output) - label)</c>, so the bias before and after
    /// gives the softmax of the output.
    /// </summary>
    [Fact]
    public void The_published_training_step_follows_from_the_output()
    {
        const double rate = 0.01;
        Graph read = OnnxReader.ReadFile(TestData.Shared($"{WithLora}/network_infer.onnx"), new DiagnosticBag());
        float[] after = Floats(TestData.Shared($"{WithLora}/outputs.npz"), "classifier_fc_bias_updated");
        float[] before = read["classifier_fc_bias"].Floats();
        int label = (int)((long[])NumpyReader.Read(TestData.Shared($"{WithLora}/inputs.npz")).Single(a => a.Name == "labels").Data)[0];
        double[] output = Array.ConvertAll(Output(StandardPasses.Canonicalise(read, new DiagnosticBag()), WithLora), f => (double)f);
        double sum = output.Sum(Math.Exp);

        for (int i = 0; i < output.Length; i++)
        {
            double gradient = (Math.Exp(output[i]) / sum) - (i == label ? 1 : 0);
            Assert.Equal(gradient, (before[i] - after[i]) / rate, 2e-6);
        }
    }

    internal static float[] Output(Graph graph, string folder)
    {
        float[] input = Floats(TestData.Shared($"{folder}/inputs.npz"), "input");
        var inputs = new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [graph.Inputs[0]] = new TensorValue(graph[graph.Inputs[0]].Shape, input) };
        return FloatReference.Run(graph, inputs)[graph.Outputs[0]].Floats;
    }

    private static float[] Floats(string path, string name) => (float[])NumpyReader.Read(path).Single(a => a.Name == name).Data;
}
