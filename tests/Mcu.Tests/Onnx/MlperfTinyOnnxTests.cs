using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Tflite;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Onnx;

/// <summary>The four float MLPerf Tiny networks against ONNX Runtime.</summary>
public class MlperfTinyOnnxTests
{
    [Theory]
    [InlineData("ad")]
    [InlineData("ic")]
    [InlineData("kws")]
    [InlineData("vww")]
    public void Every_node_as_read_equals_OnnxRuntime(string name)
    {
        byte[] model = File.ReadAllBytes(TestData.Shared($"onnx/mlperf-tiny/{name}_fp32.onnx"));
        Graph graph = OnnxReader.Read(model, name, new DiagnosticBag());
        using var verifier = new OnnxVerifier(model, name);
        for (uint seed = 1; seed <= 3; seed++)
        {
            VerificationReport report = verifier.Verify(graph, SampleInputs.Create(graph, seed));
            Assert.Equal(graph.Nodes.Length, report.Tensors.Length);
            Assert.True(report.Passed, string.Join("\n", report.Failures));
        }
    }

    [Theory]
    [InlineData("ad", "FullyConnected", 10)]
    [InlineData("ic", "Conv2D AveragePool2D Reshape FullyConnected Softmax Add", 16)]
    [InlineData("kws", "Conv2D DepthwiseConv2D AveragePool2D Reshape FullyConnected Softmax", 13)]
    [InlineData("vww", "Conv2D DepthwiseConv2D AveragePool2D Reshape FullyConnected Softmax", 31)]
    public void Every_node_of_the_canonical_form_equals_OnnxRuntime(string name, string operators, int nodes)
    {
        byte[] model = File.ReadAllBytes(TestData.Shared($"onnx/mlperf-tiny/{name}_fp32.onnx"));
        Graph graph = StandardPasses.Canonicalise(OnnxReader.Read(model, name, new DiagnosticBag()), new DiagnosticBag());
        Assert.Equal(nodes, graph.Nodes.Length);
        Assert.Equal(operators.Split(' ').Order(), graph.Nodes.Select(n => n.Operator.GetType().Name).Distinct().Order());
        VerificationReport report = OnnxVerifier.Verify(model, graph, SampleInputs.Create(graph, 5));
        Assert.Equal(nodes, report.Tensors.Length);
        Assert.True(report.Passed, string.Join("\n", report.Failures));
    }

    [Theory]
    [InlineData("ad")]
    [InlineData("ic")]
    [InlineData("kws")]
    [InlineData("vww")]
    public void Weights_keep_the_names_of_the_initializers(string name)
    {
        Graph read = OnnxReader.ReadFile(TestData.Shared($"onnx/mlperf-tiny/{name}_fp32.onnx"), new DiagnosticBag());
        Graph graph = StandardPasses.Canonicalise(read, new DiagnosticBag());
        IEnumerable<string> Weights(Graph g) => g.Tensors.Values.Where(t => t.IsConstant).Select(t => t.Name).Order(StringComparer.Ordinal);
        Assert.Equal(Weights(read), Weights(graph));
    }

    [Theory]
    [InlineData("ad")]
    [InlineData("ic")]
    [InlineData("kws")]
    [InlineData("vww")]
    public void The_float_TensorFlow_Lite_twin_gives_the_same_outputs(string name)
    {
        Graph tflite = TfliteReader.ReadFile(TestData.Shared($"mlperf-tiny/{name}_fp32.tflite"), new DiagnosticBag());
        Graph onnx = OnnxReader.ReadFile(TestData.Shared($"onnx/mlperf-tiny/{name}_fp32.onnx"), new DiagnosticBag());
        foreach (Graph graph in new[] { tflite, StandardPasses.Canonicalise(tflite, new DiagnosticBag()) })
        {
            for (uint seed = 1; seed <= 3; seed++)
            {
                VerificationReport report = OnnxVerifier.CompareGraphs(onnx, graph, SampleInputs.Create(onnx, seed));
                Assert.True(report.Passed, string.Join("\n", report.Failures));
            }
        }
    }
}
