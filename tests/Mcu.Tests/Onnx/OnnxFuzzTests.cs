using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Onnx;

/// <summary>Damaged files give a graph or a diagnostic, never another exception.</summary>
public class OnnxFuzzTests
{
    [Fact]
    public void The_undamaged_models_are_read()
    {
        Assert.Equal(6, Nodes(TinyOnnx.Image()));
        foreach (Func<byte[]> create in TinyOnnx.All)
        {
            byte[] model = create();
            Graph graph = StandardPasses.Canonicalise(OnnxReader.Read(model, "tiny", new DiagnosticBag()), new DiagnosticBag());
            VerificationReport report = OnnxVerifier.Verify(model, graph, SampleInputs.Create(graph, 3));
            Assert.True(report.Passed, string.Join("\n", report.Failures));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_truncation_is_refused_or_read(int index)
    {
        byte[] model = TinyOnnx.All[index]();
        for (int length = 0; length < model.Length; length++)
        {
            Outcome(model[..length]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_flipped_bit_is_refused_or_read(int index)
    {
        byte[] model = TinyOnnx.All[index]();
        for (int bit = 0; bit < model.Length * 8; bit++)
        {
            byte[] damaged = [.. model];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Outcome(damaged);
        }
    }

    /// <summary>The canonical graph's node count, or null after a diagnostic; anything else fails the test.</summary>
    private static int? Outcome(byte[] bytes)
    {
        try
        {
            return Nodes(bytes);
        }
        catch (DiagnosticException e)
        {
            Assert.StartsWith("MCU", e.Diagnostic.Code, StringComparison.Ordinal);
            return null;
        }
    }

    private static int Nodes(byte[] bytes) =>
        StandardPasses.Canonicalise(OnnxReader.Read(bytes, "fuzz.onnx", new DiagnosticBag()), new DiagnosticBag()).Nodes.Length;
}
