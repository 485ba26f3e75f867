using Google.Protobuf;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Verification;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Adapters;

/// <summary>Every method, from files to the merged float graph, against ONNX Runtime on the file with the adapter written out.</summary>
public sealed class MethodFloatTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string method in MethodCases.Names)
            {
                data.Add("demo", method);
                data.Add("kws", method);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Float_result_equals_the_graph_with_the_adapter_written_out(string model, string method)
    {
        MethodNetwork network = MethodNetwork.Of(model);
        MethodCase @case = MethodCases.Of(network, method);
        LoadedModel loaded = Pipeline.Load(new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = [@case.Write()] }, new DiagnosticBag());
        Check(network, @case.Adapted, FloatMerge.Apply(loaded.Canonical, loaded.Adapters[0]));
    }

    internal static void Check(MethodNetwork network, ModelProto changed, Graph merged)
    {
        ModelProto unchanged = network.Read();
        string logits = WithLogits(changed);
        WithLogits(unchanged);
        foreach (TensorValue sample in network.Samples().Take(10, 3).Real)
        {
            Dictionary<string, TensorValue> feed = new(StringComparer.Ordinal) { [merged.Inputs[0]] = sample };
            Dictionary<string, TensorValue> expected = OnnxRuntimeExecutor.Run(changed.ToByteArray(), feed);
            Dictionary<string, TensorValue> original = OnnxRuntimeExecutor.Run(unchanged.ToByteArray(), feed);
            Dictionary<string, TensorValue> actual = FloatReference.Run(merged, feed);

            float[] wanted = expected[logits].Floats;
            double scale = Math.Max(1, wanted.Max(Math.Abs));
            Assert.True(Difference(wanted, original[logits].Floats) > 0.005 * scale, "the adapter changes too little to test anything");
            Assert.True(Difference(wanted, actual[logits].Floats) <= Tolerance * scale, $"{string.Join(", ", wanted)} and {string.Join(", ", actual[logits].Floats)}");
        }
    }

    private static double Difference(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    /// <summary>Makes the softmax's input an output, which tells more than the softmax.</summary>
    private static string WithLogits(ModelProto model)
    {
        string logits = model.Graph.Node.Last(n => n.OpType == "Gemm").Output[0];
        if (model.Graph.Output.All(o => o.Name != logits))
        {
            model.Graph.Output.Add(new ValueInfoProto { Name = logits });
        }

        return logits;
    }
}
