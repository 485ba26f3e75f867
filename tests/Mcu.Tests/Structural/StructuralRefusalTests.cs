using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;
using Mcu.Tests.Onnx;
using Google.Protobuf;

namespace Mcu.Tests.Structural;

/// <summary>Archives that are incomplete, misnamed or of another network are refused by code; the message names part and node.</summary>
public sealed class StructuralRefusalTests
{
    private static NpzWriter Bottleneck(string stem = "bottleneck.proj") => new NpzWriter()
        .Add(stem + ".down.weight", [2, 6], new float[12]).Add(stem + ".up.weight", [6, 2], new float[12]).Add(stem + ".relu", [1], [1L]);

    [Fact]
    public void A_complete_archive_is_read_with_all_its_parts()
    {
        PeftAdapter adapter = Read(Bottleneck("bottleneck.a.b").Add("bottleneck.a.b.down.bias", [2], [1f, 2]).Add("bottleneck.a.b.scale", [], [0.5f])
            .Add("prefix.s.key", [3, 4], new float[12]).Add("prefix.s.value", [3, 8], new float[24]).Add("prompt.x.tokens", [2, 5], new float[10])
            .Add("head.bias", [2], [1f, 2]));

        Assert.Equal(["bottleneck.a.b", "prefix.s", "prompt.x"], adapter.Structure.Select(p => p.Name));
        Assert.Equal("head", Assert.Single(adapter.Modules).Module);
        Generator.Inspection.AdapterSummary summary = Generator.Inspection.AdapterSummary.Of(adapter);
        Assert.Equal(["head", "bottleneck.a.b", "prefix.s", "prompt.x"], summary.Modules.Select(m => m.Module));
        Assert.Equal(2 + 26 + 36 + 10, summary.Parameters);
        var bottleneck = (BottleneckPart)adapter.Structure[0];
        Assert.Equal(("a.b", 2, 0.5f, BottleneckActivation.Relu, false), (bottleneck.Place, bottleneck.Rank, bottleneck.Scale, bottleneck.Activation, bottleneck.IsParallel));
        Assert.Equal(("in", "out"), (((BottleneckPart)Read(Bottleneck("parallel.in->out")).Structure[0]).Source, Read(Bottleneck("parallel.in->out")).Structure[0].Place));
    }

    [Theory]
    [InlineData("bottleneck.proj.middle.weight")]
    [InlineData("bottleneck.down.weight")]
    [InlineData("prefix.s.tokens")]
    [InlineData("prompt.tokens")]
    public void An_array_without_place_or_part_is_refused(string name) => Refused(Bottleneck().Add(name, [1], [1f]), "MCU0442");

    [Fact]
    public void Half_an_arrow_is_no_place() => Refused(Bottleneck("parallel.->out"), "MCU0442");

    [Fact]
    public void Missing_arrays_are_named()
    {
        Assert.Contains("'up.weight'", Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6], new float[12]), "MCU0443").Message, StringComparison.Ordinal);
        Assert.Contains("'value'", Refused(new NpzWriter().Add("prefix.p.key", [2, 6], new float[12]), "MCU0443").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_that_do_not_fit_each_other_are_refused()
    {
        Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6], new float[12]).Add("bottleneck.p.up.weight", [6, 3], new float[18]).Add("bottleneck.p.relu", [], [1f]), "MCU0444");
        Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6], new float[12]).Add("bottleneck.p.up.weight", [5, 2], new float[10]).Add("bottleneck.p.relu", [], [1f]), "MCU0444");
        Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6, 3, 1], new float[36]).Add("bottleneck.p.up.weight", [6, 2, 1, 1], new float[12]).Add("bottleneck.p.relu", [], [1f]), "MCU0444");
        Refused(Bottleneck().Add("bottleneck.proj.down.bias", [3], new float[3]), "MCU0444");
        Refused(new NpzWriter().Add("prefix.s.key", [3, 6], new float[18]).Add("prefix.s.value", [2, 6], new float[12]), "MCU0444");
        Refused(new NpzWriter().Add("prompt.s.tokens", [6], new float[6]), "MCU0444");
    }

    [Fact]
    public void One_activation_and_one_scale_are_wanted()
    {
        Refused(Bottleneck().Add("bottleneck.proj.gelu", [], [1f]), "MCU0445");
        Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6], new float[12]).Add("bottleneck.p.up.weight", [6, 2], new float[12]), "MCU0445");
        Refused(new NpzWriter().Add("bottleneck.p.down.weight", [2, 6], new float[12]).Add("bottleneck.p.up.weight", [6, 2], new float[12]).Add("bottleneck.p.relu", [], [0f]), "MCU0445");
        Refused(Bottleneck().Add("bottleneck.proj.scale", [2], [1f, 1]), "MCU0445");
    }

    [Fact]
    public void Numbers_must_be_finite_floats()
    {
        Refused(Bottleneck().Add("bottleneck.proj.scale", [], [float.NaN]), "MCU0416");
        Refused(new NpzWriter().Add("prompt.s.tokens", [1, 2], [1L, 2]), "MCU0433");
    }

    [Theory]
    [InlineData("bottleneck.nowhere", "MCU0661")]
    [InlineData("bottleneck.wproj2", "MCU0661")]
    [InlineData("bottleneck.ffa", "MCU0662")]
    [InlineData("bottleneck.x", "MCU0662")]
    [InlineData("parallel.ff2->proj", "MCU0672")]
    [InlineData("parallel.ffa->ff2", "MCU0662")]
    public void A_bottleneck_must_fit_its_place(string stem, string code) => RefusedOnTiny(Bottleneck(stem), code);

    /// <summary>The output of a product whose bias has become part of the layer is no tensor any more; the layer is.</summary>
    [Fact]
    public void A_tensor_inside_a_fused_operator_is_said_to_be_so() =>
        Assert.Contains("inside an operator", RefusedOnTiny(new NpzWriter().Add("prompt.ff0x.tokens", [1, 6], new float[6]), "MCU0661", FusedGelu()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("proj", 6, "MCU0664")]
    [InlineData("attention", 4, "MCU0665")]
    public void A_prefix_needs_an_attention_of_its_size(string place, int width, string code) =>
        RefusedOnTiny(new NpzWriter().Add($"prefix.{place}.key", [2, width], new float[2 * width]).Add($"prefix.{place}.value", [2, width], new float[2 * width]), code);

    [Fact]
    public void A_prompt_before_the_position_embedding_names_the_node_behind_which_it_fits()
    {
        Diagnostic error = RefusedOnTiny(new NpzWriter().Add("prompt.x.tokens", [2, 6], new float[12]), "MCU0668");

        Assert.Contains("'placed'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'position'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scores", "MCU0666")]
    [InlineData("y", "MCU0666")]
    public void A_prompt_needs_a_sequence(string place, string code) => RefusedOnTiny(new NpzWriter().Add($"prompt.{place}.tokens", [2, 6], new float[12]), code);

    [Fact]
    public void Where_a_longer_sequence_cannot_go_on_the_node_is_named()
    {
        RefusedAt(m => m.Integers("flat", 1, 30).Weights("w30", [2, 30]).Node("Relu", "x", "r").Node("Reshape", "r flat", "f").Node("Gemm", "f w30", "y", ("transB", 1)), "r", "MCU0667", "'f'");
        RefusedAt(m => m.Weights("w", [6, 6]).Node("Relu", "x", "r").Node("MatMul", "r w", "y"), "r", "MCU0670", "'y'");
        RefusedAt(m => m.Weights("w", [6, 6]).Node("MatMul", "x w", "r").Node("Add", "r x", "s").Node("ReduceMean", "s", "y", ("axes", new[] { 1 })), "r", "MCU0671", "'s'");
        RefusedAt(m => m.Weights("g", [5]).Weights("h", [5]).Node("Relu", "x", "r").Node("Transpose", "r", "t", ("perm", new[] { 0, 2, 1 })).Node("LayerNormalization", "t g h", "n").Node("ReduceMean", "n", "y", ("axes", new[] { 1, 2 })), "r", "MCU0669", "'n'");
        RefusedAt(m => m.Weights("w", [5, 3]).Node("Relu", "x", "r").Node("Transpose", "r", "t", ("perm", new[] { 0, 2, 1 })).Node("MatMul", "t w", "y"), "r", "MCU0669", "'y'");
        RefusedAt(m => m.Node("Relu", "x", "y"), "y", "MCU0670", "'y'");
    }

    [Fact]
    public void An_int8_base_is_refused_with_the_way_out()
    {
        string adapter = Write(Bottleneck());

        Diagnostic error = Refused(() => Pipeline.Load(new CompileOptions { BasePath = TestData.Shared("mlperf-tiny/kws_int8.tflite"), Target = Firmware.Target("host"), AdapterPaths = [adapter] }, new()), "MCU0721");

        Assert.Contains("--calibration", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_delta_image_cannot_hold_nodes()
    {
        CompileOptions options = TinyTransformer.Options(TinyTransformer.Of("prefix").Write());

        Diagnostic error = Refused(() => DeltaPipeline.Pack(options, new DeltaNumbers(), new(), null, CancellationToken.None), "MCU0723");

        Assert.Contains("mcu compile", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Managed_code_has_no_second_network()
    {
        CompileOptions options = TinyTransformer.Options(TinyTransformer.Of("prefix").Write()) with { Nano = Generator.Emit.NanoFramework.NanoOptions.Default };

        Refused(() => Pipeline.Compile(options, new(), null, CancellationToken.None), "MCU0726");
    }

    /// <summary>A scale of 300 takes every value of the network beyond what the base's output can show.</summary>
    [Fact]
    public void An_adapter_that_drives_the_output_beyond_the_bases_scale_is_told()
    {
        var notes = new DiagnosticBag();
        string adapter = new SeededAdapter(3).Bottleneck("ff2", _ => "ff2", 6, 2, gelu: false, scale: 300).Write();

        CompileResult compiled = Pipeline.Compile(TinyTransformer.Options(adapter), notes, null, TestContext.Current.CancellationToken);

        Assert.Contains(notes.Items, n => n.Code == "MCU0725");
        Assert.Equal(compiled.Model.Graph["y"].Quantization, compiled.Model.Adapters[0].Program!.Graph["y"].Quantization);
    }

    /// <summary>A softmax has the scale 1/256 whatever it sees; what is added to it has not.</summary>
    [Fact]
    public void An_adapter_behind_a_last_layer_of_fixed_scale_is_refused()
    {
        OnnxModelBuilder model = new OnnxModelBuilder(17).Input("x", 1, 5, 6).Output("y").Weights("w", [6, 6]).Node("MatMul", "x w", "r").Node("Softmax", "r", "y", ("axis", 2));
        string path = Path.Combine(TestFolder.Create("fixed"), "fixed.onnx");
        File.WriteAllBytes(path, model.Model.ToByteArray());
        CompileOptions options = TinyTransformer.Options(new SeededAdapter(4).Bottleneck("y", _ => "y", 6, 2, gelu: false).Write()) with { BasePath = path };

        Diagnostic error = Refused(() => Pipeline.Compile(options, new(), null, TestContext.Current.CancellationToken), "MCU0722");

        Assert.Contains("0.00390625", error.Message, StringComparison.Ordinal);
    }

    private static ModelProto FusedGelu()
    {
        ModelProto model = TinyTransformer.Model();
        OnnxSurgery.Replace(model, "ff2", "ffg", new OnnxModelBuilder().Weights("rr", [], 1 / MathF.Sqrt(2)).Weights("one", [], 1).Weights("hh", [], 0.5f)
            .Node("Mul", "ff2 rr", "ff0x").Node("Erf", "ff0x", "e").Node("Add", "e one", "e1").Node("Mul", "ff2 e1", "e2").Node("Mul", "e2 hh", "ffg"));
        return model;
    }

    private static void RefusedAt(Action<OnnxModelBuilder> nodes, string place, string code, string named)
    {
        OnnxModelBuilder model = new OnnxModelBuilder(17).Input("x", 1, 5, 6).Output("y");
        nodes(model);
        Assert.Contains(named, RefusedOnTiny(new NpzWriter().Add($"prompt.{place}.tokens", [2, 6], new float[12]), code, model.Model).Message, StringComparison.Ordinal);
    }

    private static Diagnostic RefusedOnTiny(NpzWriter archive, string code, ModelProto? model = null) => Refused(() => TinyTransformer.Load(Write(archive), model), code);

    private static Diagnostic Refused(NpzWriter archive, string code) => Refused(() => Read(archive), code);

    private static Diagnostic Refused(Func<object> action, string code)
    {
        Diagnostic error = Assert.Throws<DiagnosticException>(action).Diagnostic;
        Assert.Equal(code, error.Code);
        return error;
    }

    private static PeftAdapter Read(NpzWriter archive) => NumpyAdapterReader.Read(archive.ToBytes(), "a.npz");

    private static string Write(NpzWriter archive)
    {
        string path = Path.Combine(TestFolder.Create("refused"), "a.npz");
        File.WriteAllBytes(path, archive.ToBytes());
        return path;
    }
}
