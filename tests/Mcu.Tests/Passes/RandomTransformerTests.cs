using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Passes;

public class RandomTransformerTests
{
    private static readonly Type[] Fused = [typeof(Sub), typeof(Div), typeof(Pow), typeof(Sqrt), typeof(Erf), typeof(MatMul), typeof(Gemm), typeof(Identity)];

    /// <summary>As read, canonical, and with low-rank branches merged or lifted, against ONNX Runtime on every tensor.</summary>
    [Fact]
    public void Every_form_of_random_transformers_equals_OnnxRuntime()
    {
        const int networks = 60;
        int branches = 0;
        for (int seed = 0; seed < networks; seed++)
        {
            (Onnx.OnnxModelBuilder model, int found) = RandomTransformer.Create(seed);
            branches += found;
            Graph read = model.Read();
            using var verifier = new OnnxVerifier(model.Bytes(), "random");
            foreach ((string form, Graph graph) in Forms(read, found))
            {
                VerificationReport report = verifier.Verify(graph, SampleInputs.Create(read, (uint)seed));
                Assert.True(report.Passed, $"seed {seed}, {form}\n{GraphDump.Text(graph)}{string.Join("\n", report.Failures)}");
                Assert.Contains(report.Tensors, t => t.Tensor == graph.Outputs[0]);
                Assert.True(form == "read" || !graph.Nodes.Any(n => Fused.Contains(n.Operator.GetType())), $"seed {seed}, {form}\n{GraphDump.Text(graph)}");
            }
        }

        Assert.True(branches > networks / 2, $"{branches} branches");
    }

    private static IEnumerable<(string Form, Graph Graph)> Forms(Graph read, int branches)
    {
        yield return ("read", read);
        yield return ("canonical", StandardPasses.Canonicalise(read, new DiagnosticBag()));
        if (branches == 0)
        {
            yield break;
        }

        yield return ("merged", StandardPasses.Canonicalise(read, GraphLoraMode.Merge, new DiagnosticBag()).Graph);
        CanonicalForm lifted = StandardPasses.Canonicalise(read, GraphLoraMode.Lift, new DiagnosticBag());
        BoundAdapter adapter = AdapterBinder.Bind(lifted.Lifted!, lifted.Graph, null, new DiagnosticBag());
        Assert.Equal(branches, adapter.Patches.Length);
        yield return ("lifted", FloatMerge.Apply(lifted.Graph, adapter));
    }
}
