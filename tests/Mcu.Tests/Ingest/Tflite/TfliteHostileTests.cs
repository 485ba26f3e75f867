using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Tflite;
using static Mcu.Tests.Ingest.Tflite.TinyTflite;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>Damaged and hostile files: one diagnostic each, nothing else thrown, in bounded time.</summary>
public sealed class TfliteHostileTests
{
    public static TheoryData<string, string> CraftedNames => [.. Crafted.Select(c => (c.Key, c.Value.Code))];

    private static Dictionary<string, (string Code, TfliteSpec Spec)> Crafted { get; } = new(StringComparer.Ordinal)
    {
        ["wrong identifier"] = ("MCU0201", Int8Network() with { Identifier = "TFL2" }),
        ["schema version 2"] = ("MCU0204", Int8Network() with { Version = 2 }),
        ["no subgraph"] = ("MCU0205", Int8Network() with { Subgraphs = 0 }),
        ["two subgraphs"] = ("MCU0205", Int8Network() with { Subgraphs = 2 }),
        ["buffer index out of range"] = ("MCU0207", Tensor(ConvWeights, t => t with { Buffer = 99 })),
        ["buffer index of 2^32 - 1"] = ("MCU0207", Tensor(ConvWeights, t => t with { Buffer = uint.MaxValue })),
        ["operator code out of range"] = ("MCU0207", Operator(0, o => o with { Code = 6 })),
        ["input tensor out of range"] = ("MCU0207", Operator(0, o => o with { Inputs = [0, 1, 14] })),
        ["input tensor of -2"] = ("MCU0207", Operator(0, o => o with { Inputs = [0, 1, -2] })),
        ["absent output"] = ("MCU0207", Operator(0, o => o with { Outputs = [-1] })),
        ["graph input out of range"] = ("MCU0207", Int8Network() with { Inputs = [int.MaxValue] }),
        ["graph output out of range"] = ("MCU0207", Int8Network() with { Outputs = [-1] }),
        ["unknown operator"] = ("MCU0208", Code(0, _ => new CodeSpec(127, 100_000))),
        ["unsupported operator"] = ("MCU0208", Code(0, _ => new CodeSpec(67))),
        ["negative operator code"] = ("MCU0208", Code(0, _ => new CodeSpec(-5, -7))),
        ["custom operator"] = ("MCU0208", Code(0, _ => new CodeSpec(32, 32, 1, "Evil\u202e\n"))),
        ["operator version of the future"] = ("MCU0209", Code(0, c => c with { Version = 99 })),
        ["operator version 0"] = ("MCU0209", Code(0, c => c with { Version = 0 })),
        ["element type uint8"] = ("MCU0211", Tensor(Input, t => t with { Type = Uint8Type })),
        ["element type -1"] = ("MCU0211", Tensor(Input, t => t with { Type = -1 })),
        ["index tensor as graph input"] = ("MCU0211", Tensor(Input, t => t with { Type = Int32Type, Quant = null })),
        ["dimensions of 2^31 - 1"] = ("MCU0212", Tensor(Input, t => t with { Shape = [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue] })),
        ["dimensions that multiply to 2^64"] = ("MCU0212", Tensor(Input, t => t with { Shape = [65536, 65536, 65536, 65536] })),
        ["negative dimension"] = ("MCU0212", Tensor(Input, t => t with { Shape = [1, -4, -4, 2] })),
        ["zero dimension"] = ("MCU0212", Tensor(Input, t => t with { Shape = [0, 4, 4, 2] })),
        ["9 dimensions"] = ("MCU0212", Tensor(Input, t => t with { Shape = [1, 1, 1, 1, 1, 1, 1, 4, 2] })),
        ["dynamic batch of 4"] = ("MCU0213", Single(19, null, Floats("x", 4, 2) with { Signature = [-1, 2] }, Floats("y", 4, 2))),
        ["constant too short"] = ("MCU0214", Tensor(ConvWeights, t => t with { Data = new byte[53] })),
        ["constant too long"] = ("MCU0214", Tensor(ConvBias, t => t with { Data = new byte[16] })),
        ["external buffer"] = ("MCU0215", Tensor(ConvWeights, t => t with { ExternalBuffer = 1 })),
        ["buffer data past the end"] = ("MCU0215", Int8Network() with { ExtraBuffers = [new(null, 100, 1 << 30)] }),
        ["buffer offset of 2^64 - 1"] = ("MCU0215", Int8Network() with { ExtraBuffers = [new(null, ulong.MaxValue, 2)] }),
        ["sparse tensor"] = ("MCU0216", Tensor(ConvWeights, t => t with { IsSparse = true })),
        ["variable tensor"] = ("MCU0217", Tensor(Input, t => t with { IsVariable = true })),
        ["blockwise quantisation"] = ("MCU0218", Quant(ConvWeights, q => q with { DetailsType = 2 })),
        ["zero scale"] = ("MCU0219", Quant(Input, q => q with { Scales = [0f] })),
        ["negative scale"] = ("MCU0219", Quant(Input, q => q with { Scales = [-0.5f] })),
        ["NaN scale"] = ("MCU0219", Quant(ConvWeights, q => q with { Scales = [0.1f, float.NaN, 0.1f] })),
        ["infinite scale"] = ("MCU0219", Quant(ConvBias, q => q with { Scales = [0.1f, float.PositiveInfinity, 0.1f] })),
        ["zero point 128"] = ("MCU0219", Quant(Input, q => q with { ZeroPoints = [128] })),
        ["zero point of 2^40"] = ("MCU0219", Quant(Input, q => q with { ZeroPoints = [1L << 40] })),
        ["no zero points"] = ("MCU0219", Quant(Input, q => q with { ZeroPoints = [] })),
        ["asymmetric channel"] = ("MCU0219", Quant(ConvWeights, q => q with { ZeroPoints = [0, 1, 0] })),
        ["bias with a zero point"] = ("MCU0219", Quant(ConvBias, q => q with { ZeroPoints = [0, 1, 0] })),
        ["scales that fit no dimension"] = ("MCU0219", Quant(ConvWeights, q => q with { Axis = 3 })),
        ["quantised dimension -1"] = ("MCU0219", Quant(ConvWeights, q => q with { Axis = -1 })),
        ["weights per channel of another dimension"] = ("MCU0219", Quant(ConvWeights, q => q with { Axis = 1 })),
        ["activation per channel"] = ("MCU0219", Quant(ConvOut, q => q with { Scales = [1, 1, 1], ZeroPoints = [0, 0, 0], Axis = 3 })),
        ["int8 without scale"] = ("MCU0220", Tensor(ConvOut, t => t with { Quant = null })),
        ["asymmetric weights"] = ("MCU0221", Quant(10, q => q with { ZeroPoints = [1] })),
        ["convolution with one input"] = ("MCU0222", Operator(0, o => o with { Inputs = [0] })),
        ["convolution with four inputs"] = ("MCU0222", Operator(0, o => o with { Inputs = [0, 1, 2, 2] })),
        ["absent weights"] = ("MCU0222", Operator(0, o => o with { Inputs = [0, -1, 2] })),
        ["absent input of a softmax"] = ("MCU0222", Operator(5, o => o with { Inputs = [-1] })),
        ["operator without outputs"] = ("MCU0222", Operator(0, o => o with { Outputs = [] })),
        ["operator with two outputs"] = ("MCU0222", Single(19, null, Floats("x", 2), Floats("y", 2), Floats("z", 2)) with { Operators = [new(0, [0], [1, 2])] }),
        ["convolution without options"] = ("MCU0223", Operator(0, o => o with { Options = null })),
        ["options of another operator"] = ("MCU0223", Operator(0, o => o with { Options = PoolOptions(0, 1, 1) })),
        ["options with a field of the future"] = ("MCU0223", Operator(0, o => o with { Options = new OptionsSpec(1, (byte)0, 1, 1, (byte)0, 1, 1, (byte)0, 7) })),
        ["stride 0"] = ("MCU0224", Operator(0, o => o with { Options = ConvOptions(0, 0) })),
        ["stride -1"] = ("MCU0224", Operator(0, o => o with { Options = ConvOptions(0, -1) })),
        ["dilation of 2^31 - 1"] = ("MCU0224", Operator(0, o => o with { Options = ConvOptions(0, 1, 0, int.MaxValue) })),
        ["padding 7"] = ("MCU0224", Operator(0, o => o with { Options = ConvOptions(7, 1) })),
        ["pool of 2^31 - 1"] = ("MCU0224", Operator(2, o => o with { Options = PoolOptions(0, 1, int.MaxValue) })),
        ["new shape not constant"] = ("MCU0225", Operator(3, o => o with { Inputs = [7, 0] })),
        ["new shape float"] = ("MCU0225", Tensor(NewShape, t => t with { Type = Float32Type })),
        ["weights not constant"] = ("MCU0225", Operator(4, o => o with { Inputs = [9, 9, 11] })),
        ["64-bit accumulator"] = ("MCU0226", Operator(0, o => o with { Options = new OptionsSpec(1, (byte)0, 1, 1, (byte)0, 1, 1, (byte)Int64Type) })),
        ["constant as graph output"] = ("MCU0227", Int8Network() with { Outputs = [ConvWeights] }),
        ["constant as graph input"] = ("MCU0227", Int8Network() with { Inputs = [ConvWeights] }),
        ["graph input listed twice"] = ("MCU0227", Int8Network() with { Inputs = [Input, Input] }),
        ["convolution of a vector"] = ("MCU0228", Operator(0, o => o with { Inputs = [12, 1, 2] })),
        ["NaN weight"] = ("MCU0608", Single(FullyConnectedCode, null, Floats("x", 1, 2), Constant("w", [1, 2], 1, float.NaN), Floats("y", 1, 1))),
        ["infinite weight"] = ("MCU0608", Single(FullyConnectedCode, null, Floats("x", 1, 2), Constant("w", [1, 2], 1, float.NegativeInfinity), Floats("y", 1, 1))),
        ["cycle"] = ("MCU0609", Operator(0, o => o with { Inputs = [ConvOut, 1, 2] })),
        ["nodes out of order"] = ("MCU0609", Int8Network() with { Operators = [.. Int8Network().Operators.Reverse()] }),
        ["weights without data"] = ("MCU0225", Tensor(10, t => t with { Data = null })),
        ["bias without data"] = ("MCU0609", Tensor(11, t => t with { Data = null })),
        ["tensor written twice"] = ("MCU0229", Operator(5, o => o with { Outputs = [DenseOut] })),
        ["graph input written"] = ("MCU0229", Operator(5, o => o with { Outputs = [Input] })),
        ["constant written"] = ("MCU0229", Operator(2, o => o with { Outputs = [ConvBias] })),
        ["no operators"] = ("MCU0603", Int8Network() with { Operators = [] }),
        ["no graph inputs"] = ("MCU0604", Int8Network() with { Inputs = [], Operators = [], Outputs = [] }),
        ["declared shape wrong"] = ("MCU0612", Tensor(Probabilities, t => t with { Shape = [1, 3] })),
        ["dequantise the same output twice"] = ("MCU0229", TwoDequantizes()),
    };

    [Theory]
    [MemberData(nameof(CraftedNames))]
    public void Crafted_file_gives_its_diagnostic(string name, string code)
    {
        Diagnostic? error = Outcome(TfliteWriter.Write(Crafted[name].Spec));

        Assert.NotNull(error);
        Assert.Equal(code, error.Code);
        Assert.Equal(Severity.Error, error.Severity);
        Assert.DoesNotContain('\u202e', error.ToString());
        Assert.StartsWith("net.tflite", error.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void Unsupported_operator_names_itself_and_the_supported_ones()
    {
        Diagnostic error = Outcome(TfliteWriter.Write(Crafted["unsupported operator"].Spec))!;

        Assert.Contains("TRANSPOSE_CONV", error.Message, StringComparison.Ordinal);
        Assert.Contains("node 0", error.Location, StringComparison.Ordinal);
        Assert.Contains("DEPTHWISE_CONV_2D", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void All_unsupported_operators_are_named_at_once()
    {
        Diagnostic error = Outcome(TfliteWriter.Write(Int8Network().WithCode(1, _ => new CodeSpec(98)).WithCode(4, _ => new CodeSpec(41))))!;

        Assert.Equal("MCU0208", error.Code);
        Assert.Contains("LEAKY_RELU (also SUB)", error.Message, StringComparison.Ordinal);
        Assert.Contains("node 1", error.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void Dequantised_weights_that_int8_and_dequantize_share_do_not_confuse()
    {
        // Weights read by a float layer (dynamic range) and by a DEQUANTIZE at once.
        var weights = new TensorSpec("w", Int8Type, [2, 2], [1, 2, 3, 4], new QuantSpec(0.5f, 0));
        TfliteSpec spec = new()
        {
            Codes = [new(FullyConnectedCode), new(DequantizeCode)],
            Tensors = [Floats("x", 1, 2), weights, Floats("y", 1, 2), Floats("v", 2, 2), Floats("z", 1, 2)],
            Operators = [new(0, [0, 1], [2]), new(1, [1], [3]), new(0, [2, 3], [4])],
            Inputs = [0],
            Outputs = [4],
        };

        Graph graph = TfliteReader.Read(TfliteWriter.Write(spec), "net.tflite", new DiagnosticBag());

        Assert.Equal([0.5f, 1f, 1.5f, 2f], graph["w"].Floats());
        Assert.Equal(graph["w"].Floats(), graph["v"].Floats());
    }

    [Theory]
    [InlineData(0x80000000u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(0x20000000u)]
    public void Shape_with_billions_of_dimensions_is_refused_without_taking_memory(uint length)
    {
        byte[] file = TfliteWriter.Write(Int8Network());
        int at = file.AsSpan().IndexOf(MemoryMarshal.AsBytes<int>([4, 1, 4, 4, 2]));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), length);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal("MCU0202", Outcome(file)?.Code);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void Root_offset_that_leads_nowhere_is_refused(uint offset)
    {
        byte[] file = TfliteWriter.Write(Int8Network());
        BinaryPrimitives.WriteUInt32LittleEndian(file, offset);

        Assert.Equal("MCU0202", Outcome(file)?.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TFL3")]
    [InlineData("\u0008\u0000\u0000\u0000TFL3")]
    [InlineData("\u0004\u0000\u0000\u0000TFL3")]
    public void Files_of_a_few_bytes_are_refused(string text) =>
        Assert.Contains(Outcome([.. text.Select(c => (byte)c)])?.Code, new[] { "MCU0201", "MCU0202" });

    [Fact]
    public void One_buffer_shared_by_thousands_of_tensors_does_not_multiply_memory()
    {
        // 3,000 additions of one constant of 1 MiB: the file is small, decoded it would take 3 GiB.
        const int Count = 3000;
        int[] shape = [1, 1 << 18];
        TensorSpec[] tensors =
        [
            Floats("x", shape),
            .. Enumerable.Range(0, Count).Select(i => Floats($"c{i}", shape) with { Buffer = 1 }),
            .. Enumerable.Range(0, Count).Select(i => Floats($"y{i}", shape)),
        ];
        TfliteSpec spec = new()
        {
            Codes = [new(AddCode)],
            Tensors = tensors,
            ExtraBuffers = [new(new byte[1 << 20])],
            Operators = [.. Enumerable.Range(0, Count).Select(i => new OperatorSpec(0, [i == 0 ? 0 : Count + i, 1 + i], [1 + Count + i]))],
            Inputs = [0],
            Outputs = [2 * Count],
        };
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal("MCU0203", Outcome(TfliteWriter.Write(spec))?.Code);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1L << 30);
    }

    [Fact]
    public void Thousands_of_pools_over_a_huge_image_do_not_hang()
    {
        const int Count = 5000;
        TfliteSpec spec = new()
        {
            Codes = [new(AveragePoolCode)],
            Tensors = [.. Enumerable.Range(0, Count + 1).Select(i => Floats($"t{i}", 1, 1, 1 << 28, 1))],
            Operators = [.. Enumerable.Range(0, Count).Select(i => new OperatorSpec(0, [i], [i + 1], PoolOptions(padding: 0, stride: 1, filter: 3)))],
            Inputs = [0],
            Outputs = [Count],
        };

        Assert.Null(Outcome(TfliteWriter.Write(spec)));
    }

    [Fact]
    public void More_operators_than_the_limit_are_refused()
    {
        var op = new OperatorSpec(0, [0], [1]);
        TfliteSpec spec = Single(19, null, Floats("x", 1), Floats("y", 1)) with { Operators = [.. Enumerable.Repeat(op, 10_001)] };

        Assert.Equal("MCU0206", Outcome(TfliteWriter.Write(spec))?.Code);
    }

    [Fact]
    public void Every_truncation_is_refused_or_cuts_only_filling()
    {
        byte[] file = TfliteWriter.Write(Int8Network());
        Graph whole = TfliteReader.Read(file, "net.tflite", new DiagnosticBag());
        for (int length = 0; length < file.Length; length++)
        {
            CheckCut(file[..length], whole);
        }
    }

    [Theory]
    [InlineData("kws_int8")]
    [InlineData("kws_fp32")]
    [InlineData("ad_int8")]
    [InlineData("ic_int8")]
    [InlineData("sww_int8")]
    public void Truncations_of_real_files_are_refused(string name)
    {
        byte[] file = File.ReadAllBytes(TestData.Shared($"mlperf-tiny/{name}.tflite"));
        Graph whole = TfliteReader.Read(file, "net.tflite", new DiagnosticBag());
        IEnumerable<int> lengths = Enumerable.Range(0, 256).Concat(Enumerable.Range(1, 63).Select(i => (int)((long)file.Length * i / 64))).Append(file.Length - 1);
        foreach (int length in lengths)
        {
            CheckCut(file[..length], whole);
        }
    }

    /// <summary>Every single bit of the small network, so no seed is needed.</summary>
    [Fact]
    public void Every_bit_flip_gives_a_graph_or_a_diagnostic()
    {
        byte[] file = TfliteWriter.Write(Int8Network());
        var outcomes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            string outcome = Outcome(flipped)?.Code ?? "read";
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        Assert.InRange(outcomes.Values.Sum(), 3000, int.MaxValue);
        Assert.True(outcomes.ContainsKey("read"), "flips in weights must still be read");
        Assert.InRange(outcomes.Count, 15, int.MaxValue);
    }

    [Fact]
    public void Words_replaced_by_extreme_values_give_a_graph_or_a_diagnostic()
    {
        byte[] file = TfliteWriter.Write(Int8Network());
        uint[] extremes = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FC00000, 0x7F800000, (uint)file.Length, (uint)file.Length - 4];
        for (int at = 0; at + 4 <= file.Length; at += 2)
        {
            foreach (uint value in extremes)
            {
                byte[] changed = [.. file];
                BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(at), value);
                Outcome(changed);
            }
        }
    }

    private static void CheckCut(byte[] cut, Graph whole)
    {
        if (Outcome(cut, out Graph? graph) is null)
        {
            Assert.Equal(whole.Nodes, graph!.Nodes);
            Assert.Equal(whole.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal), graph.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal));
        }
    }

    private static Diagnostic? Outcome(byte[] file) => Outcome(file, out _);

    /// <summary>The error, or null when the file was read. Any other exception fails the test, as does taking too long.</summary>
    private static Diagnostic? Outcome(byte[] file, out Graph? graph)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            graph = TfliteReader.Read(file, "net.tflite", new DiagnosticBag());
            return null;
        }
        catch (DiagnosticException e)
        {
            graph = null;
            Assert.Matches("^MCU0[26][0-9][0-9]$", e.Diagnostic.Code);
            Assert.NotEmpty(e.Diagnostic.Message);
            return e.Diagnostic;
        }
        finally
        {
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
        }
    }

    private static TfliteSpec Tensor(int index, Func<TensorSpec, TensorSpec> change) => Int8Network().WithTensor(index, change);

    private static TfliteSpec Quant(int index, Func<QuantSpec, QuantSpec> change) => Tensor(index, t => t with { Quant = change(t.Quant!) });

    private static TfliteSpec Operator(int index, Func<OperatorSpec, OperatorSpec> change) => Int8Network().WithOperator(index, change);

    private static TfliteSpec Code(int index, Func<CodeSpec, CodeSpec> change) => Int8Network().WithCode(index, change);

    private static TfliteSpec TwoDequantizes() => new()
    {
        Codes = [new(DequantizeCode), new(FullyConnectedCode)],
        Tensors = [Floats("x", 1, 2), new("q", Int8Type, [1, 2], [1, 2], new QuantSpec(1, 0)), Floats("w", 1, 2), Floats("y", 1, 1)],
        Operators = [new(0, [1], [2]), new(0, [1], [2]), new(1, [0, 2], [3])],
        Inputs = [0],
        Outputs = [3],
    };
}
