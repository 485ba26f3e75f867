using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Passes;

/// <summary>Random networks: as read and canonical, every tensor equals ONNX Runtime's.</summary>
public class RandomNetworkTests
{
    [Fact]
    public void Two_hundred_random_networks_equal_OnnxRuntime_in_both_forms()
    {
        for (int seed = 1; seed <= 200; seed++)
        {
            OnnxModelBuilder model = RandomNetwork.Create(seed);
            if (model.Graph.Node.Count == 0)
            {
                continue;
            }

            Graph read = model.Read();
            Graph canonical = StandardPasses.Canonicalise(read, new DiagnosticBag());
            foreach (Graph graph in new[] { read, canonical })
            {
                VerificationReport report = OnnxVerifier.Verify(model.Bytes(), graph, SampleInputs.Create(read, (uint)seed));
                Assert.True(report.Passed, $"seed {seed}\n{GraphDump.Text(read)}{GraphDump.Text(graph)}{string.Join("\n", report.Failures)}");
            }

            Assert.DoesNotContain(canonical.Nodes, n => n.Operator is Mcu.Generator.Operators.BatchNormalization or Mcu.Generator.Operators.Gemm or Mcu.Generator.Operators.Identity);
        }
    }
}
