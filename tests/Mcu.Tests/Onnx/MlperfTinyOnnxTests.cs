using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
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
        for (uint seed = 1; seed <= 3; seed++)
        {
            VerificationReport report = OnnxVerifier.Verify(model, graph, SampleInputs.Create(graph, seed));
            Assert.Equal(graph.Nodes.Length, report.Tensors.Length);
            Assert.True(report.Passed, string.Join("\n", report.Failures));
        }
    }
}
