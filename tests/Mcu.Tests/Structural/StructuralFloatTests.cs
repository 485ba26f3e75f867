using Google.Protobuf;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Structural;

/// <summary>Adapters that add nodes, from the archive to the float graph, against ONNX Runtime on the network with the adapter written out.</summary>
public sealed class StructuralFloatTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Methods => [.. CctAdapters.Names];

    public static TheoryData<string> TinyMethods => [.. TinyTransformer.Names];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Float_result_equals_the_network_with_the_adapter_written_out(string method)
    {
        LoadedModel loaded = CctAdapters.Load(CctAdapters.Of(method).Write(method));
        Check(loaded, CctAdapters.Base(), CctAdapters.Of(method).Into(CctAdapters.Base()), CctAdapters.Images(100, 4));
    }

    [Theory]
    [MemberData(nameof(TinyMethods))]
    public void So_does_that_of_a_network_without_files(string method)
    {
        LoadedModel loaded = TinyTransformer.Load(TinyTransformer.Of(method).Write());
        Check(loaded, TinyTransformer.Model(), TinyTransformer.Of(method).Into(TinyTransformer.Model()), TinyTransformer.Samples(100, 6));
    }

    internal static void Check(LoadedModel loaded, ModelProto without, ModelProto with, TensorValue[] samples)
    {
        Graph graph = FloatMerge.Apply(loaded.Canonical, loaded.Adapters[0]);
        (string input, string output) = (graph.Inputs[0], graph.Outputs[0]);
        foreach (TensorValue sample in samples)
        {
            Dictionary<string, TensorValue> feed = new(StringComparer.Ordinal) { [input] = sample };
            float[] expected = OnnxRuntimeExecutor.Run(with.ToByteArray(), feed)[output].Floats;
            float[] original = OnnxRuntimeExecutor.Run(without.ToByteArray(), feed)[output].Floats;
            float[] actual = FloatReference.Run(graph, feed)[output].Floats;
            float[] untouched = FloatReference.Run(loaded.Canonical, feed)[output].Floats;
            double scale = expected.Max(Math.Abs);

            TestContext.Current.TestOutputHelper?.WriteLine($"changes {Difference(expected, original) / scale:P1}, differs by {Difference(expected, actual) / scale:E1}");
            Assert.True(Difference(expected, original) > 0.005 * scale, "the adapter changes too little to test anything");
            Assert.True(Difference(expected, actual) <= Tolerance * scale, $"{string.Join(", ", expected)} and {string.Join(", ", actual)}");
            Assert.True(Difference(original, untouched) <= Tolerance * scale, "the base itself");
        }
    }

    private static double Difference(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
