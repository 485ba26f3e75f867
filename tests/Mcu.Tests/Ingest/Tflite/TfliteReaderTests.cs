using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Tflite;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>What the reader makes of well-formed files. Expected values are the ones that <see cref="TinyTflite"/> wrote.</summary>
public sealed class TfliteReaderTests
{
    private readonly DiagnosticBag notes = new();

    [Fact]
    public void Int8_network_keeps_nodes_shapes_and_names()
    {
        Graph graph = Read(TinyTflite.Int8Network());

        Assert.Equal(["conv", "depthwise", "pool", "flat", "dense", "probabilities"], graph.Nodes.Select(n => n.Name));
        Assert.Equal(
            [typeof(Conv2D), typeof(DepthwiseConv2D), typeof(AveragePool2D), typeof(Reshape), typeof(FullyConnected), typeof(Softmax)],
            graph.Nodes.Select(n => n.Operator.GetType()));
        Assert.Equal(["input"], graph.Inputs);
        Assert.Equal(["probabilities"], graph.Outputs);
        Assert.Equal(["input", "conv/weights", "conv/bias"], graph.Nodes[0].Inputs);
        Assert.Equal(new Shape(3, 3, 3, 2), graph["conv/weights"].Shape);
        Assert.True(graph.IsInt8);
    }

    [Fact]
    public void Float_network_with_reduced_weights_reads_every_other_operator()
    {
        Graph graph = Read(TinyTflite.DynamicRangeNetwork());

        Assert.Equal(
            [typeof(Pad), typeof(Conv2D), typeof(Add), typeof(MaxPool2D), typeof(Mean), typeof(Transpose), typeof(FullyConnected), typeof(Clamp), typeof(Reshape), typeof(Reshape), typeof(Pad), typeof(Quantize)],
            graph.Nodes.Select(n => n.Operator.GetType()));
        Assert.Equal(["dense/weights", "offset", "weights"], graph.Tensors.Values.Where(t => t.IsConstant).Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Int8_network_keeps_quantisation_bit_for_bit()
    {
        Graph graph = Read(TinyTflite.Int8Network());

        Quantization input = graph["input"].Quantization!;
        Assert.Equal((0.5f, -1), (input.Scale, input.ZeroPoint));
        Quantization weights = graph["conv/weights"].Quantization!;
        Assert.Equal([0.01f, 0.02f, 0.03f], weights.Scales);
        Assert.Equal(0, weights.Axis);
        Assert.Equal(3, graph["depthwise/weights"].Quantization!.Axis);
        Assert.Equal([0.005f, 0.01f, 0.015f], graph["conv/bias"].Quantization!.Scales);
    }

    [Fact]
    public void Constants_are_decoded_in_order()
    {
        Graph graph = Read(TinyTflite.Int8Network());

        Assert.Equal(Enumerable.Range(-5, 54).Select(v => (sbyte)v), ((Int8Data)graph["conv/weights"].Data!).Values);
        Assert.Equal([100, -200, 300], ((Int32Data)graph["conv/bias"].Data!).Values);
    }

    [Fact]
    public void Shape_input_becomes_an_attribute_and_is_dropped()
    {
        Graph graph = Read(TinyTflite.Int8Network());

        Assert.Equal(new Reshape(new Shape(1, 3)), graph.Nodes[3].Operator);
        Assert.Equal(["pool"], graph.Nodes[3].Inputs);
        Assert.DoesNotContain("shape", graph.Tensors.Keys);
    }

    [Fact]
    public void Source_names_file_format_and_hash()
    {
        byte[] file = TfliteWriter.Write(TinyTflite.Int8Network());

        Graph graph = TfliteReader.Read(file, "folder/net.tflite", notes);

        string sha = string.Concat(System.Security.Cryptography.SHA256.HashData(file).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(new ModelSource("net.tflite", SourceFormat.Tflite, sha), graph.Source);
        Assert.Equal(new TensorSource("conv", []), graph["conv"].Source);
    }

    [Fact]
    public void A_slice_of_a_larger_buffer_is_read_the_same()
    {
        byte[] file = TfliteWriter.Write(TinyTflite.Int8Network());
        byte[] larger = [1, 2, 3, .. file, 4, 5];

        Graph graph = TfliteReader.Read(larger.AsMemory(3, file.Length), "net.tflite", notes);

        Assert.Equal(TfliteReader.Read(file, "net.tflite", notes).Nodes, graph.Nodes);
    }

    [Fact]
    public void Dynamic_batch_is_fixed_at_one_with_a_note()
    {
        Read(TinyTflite.Int8Network());

        Assert.Equal("MCU0240", Assert.Single(notes.Items).Code);
    }

    [Fact]
    public void Builtin_code_is_read_from_the_old_field_alone()
    {
        // Files older than schema 3a have no field 3; it then reads as 0.
        Graph graph = Read(TinyTflite.Int8Network().WithCode(0, c => c with { Deprecated = 3, Builtin = 0 }));

        Assert.IsType<Conv2D>(graph.Nodes[0].Operator);
    }

    [Fact]
    public void Builtin_code_is_read_from_the_new_field_alone()
    {
        Graph graph = Read(TinyTflite.Int8Network().WithCode(0, c => c with { Deprecated = 0, Builtin = 3 }));

        Assert.IsType<Conv2D>(graph.Nodes[0].Operator);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_missing_bias_is_absent_in_the_graph(int form)
    {
        int[] inputs = form == 0 ? [0, 1] : [0, 1, -1];

        Graph graph = Read(TinyTflite.Int8Network().WithOperator(0, o => o with { Inputs = inputs }));

        Assert.Equal(["input", "conv/weights"], graph.Nodes[0].Inputs);
        Assert.DoesNotContain("conv/bias", graph.Tensors.Keys);
    }

    [Fact]
    public void Repeated_and_empty_names_are_made_unique_with_a_note()
    {
        TfliteSpec spec = TinyTflite.Int8Network()
            .WithTensor(TinyTflite.ConvOut, t => t with { Name = "dense" })
            .WithTensor(TinyTflite.DepthwiseOut, t => t with { Name = null })
            .WithTensor(TinyTflite.Probabilities, t => t with { Name = "dense_12" });

        Graph graph = Read(spec);

        Assert.Equal(["dense", "tensor_6", "pool", "flat", "dense_12_", "dense_12"], graph.Nodes.Select(n => n.Name));
        Assert.Contains(notes.Items, n => n.Code == "MCU0242" && n.Message.StartsWith("2 tensors", StringComparison.Ordinal));
    }

    [Fact]
    public void Biases_quantised_along_a_dimension_they_do_not_have_are_read_along_their_only_one()
    {
        // Older converters copied the weights' dimension (3) to the bias of a depthwise convolution.
        Graph graph = Read(TinyTflite.Int8Network().WithTensor(5, t => t with { Quant = t.Quant! with { Axis = 3 } }));

        Assert.Equal(0, graph["depthwise/bias"].Quantization!.Axis);
    }

    [Fact]
    public void One_zero_point_serves_all_channels()
    {
        Graph graph = Read(TinyTflite.Int8Network().WithTensor(TinyTflite.ConvWeights, t => t with { Quant = t.Quant! with { ZeroPoints = [0] } }));

        Assert.Equal([0, 0, 0], graph["conv/weights"].Quantization!.ZeroPoints);
    }

    [Fact]
    public void Buffer_data_elsewhere_in_the_file_is_found()
    {
        TfliteSpec spec = TinyTflite.Int8Network()
            .WithTensor(TinyTflite.ConvBias, t => t with { Data = null, Buffer = 8 });
        byte[] marker = [11, 0, 0, 0, 22, 0, 0, 0, 33, 0, 0, 0];
        // Seven constants keep buffers 1 to 6 after the bias lost its own; 7 holds the bytes, 8 points at them.
        spec = spec with { ExtraBuffers = [new(marker), new(null, 1000, 12)] };
        byte[] first = TfliteWriter.Write(spec);
        int at = first.AsSpan().IndexOf(marker);
        spec = spec with { ExtraBuffers = [new(marker), new(null, (ulong)at, 12)] };

        Graph graph = Read(spec);

        Assert.Equal([11, 22, 33], ((Int32Data)graph["conv/bias"].Data!).Values);
    }

    private Graph Read(TfliteSpec spec) => TfliteReader.Read(TfliteWriter.Write(spec), "net.tflite", notes);
}
