using Google.Protobuf;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Tests.Onnx;

/// <summary>What the reader refuses, each with its code and the name concerned.</summary>
public class OnnxRefusalTests
{
    private static OnnxModelBuilder Small(int opset = 13) =>
        new OnnxModelBuilder(opset).Input("x", 1, 2, 4, 4).Weights("w", [3, 2, 3, 3]).Output("y");

    private static OnnxModelBuilder Conv(OnnxModelBuilder builder) => builder.Node("Conv", "x w", "y");

    [Fact]
    public void Missing_file()
    {
        var error = Assert.Throws<DiagnosticException>(() => OnnxReader.ReadFile("/nonexistent/model.onnx", new DiagnosticBag()));
        Assert.Equal("MCU0301", error.Diagnostic.Code);
    }

    [Fact]
    public void Bytes_that_are_no_protobuf()
    {
        var error = Assert.Throws<DiagnosticException>(() => OnnxReader.Read("not a model"u8.ToArray(), "a.onnx", new DiagnosticBag()));
        Assert.Equal("MCU0303", error.Diagnostic.Code);
    }

    [Fact]
    public void Empty_file()
    {
        var error = Assert.Throws<DiagnosticException>(() => OnnxReader.Read(Array.Empty<byte>(), "a.onnx", new DiagnosticBag()));
        Assert.Equal("MCU0304", error.Diagnostic.Code);
    }

    [Fact]
    public void Nesting_of_100000_levels()
    {
        // A node's attribute holds a graph, its node an attribute, and so on.
        byte[] inner = [];
        for (int i = 0; i < 30; i++)
        {
            inner = new AttributeProto { Name = "g", G = ByteString.CopyFrom(inner) }.ToByteArray();
        }

        OnnxModelBuilder builder = Conv(Small());
        builder.Graph.Node[0].Attribute.Add(AttributeProto.Parser.ParseFrom(inner));
        builder.Refused("MCU0308");
        byte[] groups = [.. Enumerable.Repeat((byte)0x3b, 100_000)];
        var error = Assert.Throws<DiagnosticException>(() => OnnxReader.Read(groups, "a.onnx", new DiagnosticBag()));
        Assert.Equal("MCU0303", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(22)]
    [InlineData(-1)]
    public void Other_operator_sets(int opset) => Conv(Small(opset)).Refused("MCU0305");

    [Fact]
    public void No_operator_set()
    {
        OnnxModelBuilder builder = Conv(Small());
        builder.Model.OpsetImport.Clear();
        builder.Refused("MCU0305");
    }

    [Fact]
    public void Functions_training_information_and_sparse_initializers()
    {
        OnnxModelBuilder functions = Conv(Small());
        functions.Model.Functions.Add(ByteString.CopyFromUtf8("f"));
        functions.Refused("MCU0306");
        OnnxModelBuilder training = Conv(Small());
        training.Model.TrainingInfo.Add(ByteString.Empty);
        training.Refused("MCU0306");
        OnnxModelBuilder sparse = Conv(Small());
        sparse.Graph.SparseInitializer.Add(ByteString.Empty);
        sparse.Refused("MCU0306");
    }

    [Theory]
    [InlineData("If")]
    [InlineData("Loop")]
    [InlineData("NoSuchOperator")]
    [InlineData("")]
    public void Unknown_operators_are_named_with_the_supported_ones(string op)
    {
        Diagnostic diagnostic = Small().Node(op, "x", "y").Refused("MCU0307");
        Assert.Contains("node 'y'", diagnostic.Location, StringComparison.Ordinal);
        Assert.Contains("GlobalAveragePool", diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_domains_are_named()
    {
        OnnxModelBuilder builder = Small().Node("Conv", "x w", "y");
        builder.Graph.Node[0].Domain = "com.example";
        Assert.Contains("com.example", builder.Refused("MCU0307").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_tensors_of_one_name()
    {
        Small().Weights("w", [1]).Node("Conv", "x w", "y").Refused("MCU0309");
        Conv(Small()).Node("Relu", "y", "y").Refused("MCU0309");
        Small().Node("Relu", "x", "w").Refused("MCU0309");
        Conv(Small()).Input("x", 1, 2, 4, 4).Refused("MCU0309");
        Conv(Small()).Output("y").Refused("MCU0309");
    }

    [Fact]
    public void Two_nodes_of_one_name()
    {
        OnnxModelBuilder builder = Small().Node("Relu", "x", "a").Node("Conv", "a w", "y");
        builder.Graph.Node[0].Name = builder.Graph.Node[1].Name = "same";
        builder.Refused("MCU0309");
    }

    [Fact]
    public void A_cycle_and_a_missing_tensor_are_told_apart()
    {
        Diagnostic cycle = Small().Node("Add", "x b", "a").Node("Relu", "a", "b").Node("Relu", "b", "y").Refused("MCU0310");
        Assert.Contains("cycle", cycle.Hint, StringComparison.Ordinal);
        Diagnostic missing = Small().Node("Add", "x nothing", "y").Refused("MCU0310");
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OnnxTensors.Int64)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(99)]
    public void Inputs_of_other_element_types(int type) =>
        new OnnxModelBuilder().InputOfType("x", type, 1, 2).Output("y").Node("Relu", "x", "y").Refused("MCU0311");

    [Theory]
    [InlineData(1, -2)]
    [InlineData(1, 0)]
    [InlineData(1, 1L << 31)]
    [InlineData(1 << 20, 1 << 20)]
    [InlineData(-5, 2)]
    public void Inputs_of_unusable_shape(long batch, long width) =>
        new OnnxModelBuilder().Input("x", batch, width).Output("y").Node("Relu", "x", "y").Refused("MCU0311");

    [Fact]
    public void Inputs_with_an_open_dimension_that_is_not_the_batch()
    {
        OnnxModelBuilder builder = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Relu", "x", "y");
        builder.Graph.Input[0].Type.TensorType.Shape.Dim[1] = new TensorShapeProto.Types.Dimension { DimParam = "length" };
        Assert.Contains("length", builder.Refused("MCU0311").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_other_element_types() =>
        new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Add", "x w", "y")
            .Initializer(new TensorProto { Name = "w", DataType = 3, Dims = { 2 }, RawData = ByteString.CopyFrom(1, 2) })
            .Refused("MCU0313");

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(3, 8)]
    [InlineData(1, 8)]
    [InlineData(1L << 31, 8)]
    [InlineData(1L << 62, 8)]
    public void Weights_whose_length_is_not_their_shape(long dim, int bytes) =>
        new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Add", "x w", "y")
            .Initializer(new TensorProto { Name = "w", DataType = OnnxTensors.Float, Dims = { dim }, RawData = ByteString.CopyFrom(new byte[bytes]) })
            .Refused("MCU0314");

    [Fact]
    public void Weights_in_another_file() =>
        new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Add", "x w", "y")
            .Initializer(new TensorProto { Name = "w", DataType = OnnxTensors.Float, Dims = { 2 }, DataLocation = 1, ExternalData = { ByteString.CopyFromUtf8("../secret") } })
            .Refused("MCU0315");

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite(float value) =>
        new OnnxModelBuilder().Input("x", 1, 2).Output("y").Weights("w", [2], 1, value).Node("Add", "x w", "y").Refused("MCU0608");

    [Fact]
    public void Attributes_that_are_wrong_or_unknown()
    {
        Small().Node("Conv", "x w", "y", ("strides", new[] { 0, 1 })).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("strides", new[] { int.MaxValue, 1 })).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("strides", 1)).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("pads", new[] { 1, 1, 1 })).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("pads", new[] { -1, 0, 0, 0 })).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("kernel_shape", new[] { 2, 2 })).Refused("MCU0624");
        Small().Node("Conv", "x w", "y", ("group", 2)).Refused("MCU0626");
        Small().Node("Conv", "x w", "y", ("auto_pad", "SOMEHOW")).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("group", 1), ("group", 1)).Refused("MCU0317");
        Small().Node("Conv", "x w", "y", ("invented", 1)).Refused("MCU0318");
        Small().Node("Relu", "x", "y", ("alpha", 1f)).Refused("MCU0318");
        Small().Node("Softmax", "x", "y", ("axis", 4)).Refused("MCU0317");
        Small().Node("Transpose", "x", "y", ("perm", new[] { 0, 0, 1, 2 })).Refused("MCU0629");
        Small().Node("MaxPool", "x", "y", ("kernel_shape", new[] { 9, 9 })).Refused("MCU0623");
        Small().Node("MaxPool", "x", "y", ("kernel_shape", new[] { 1, 1 }), ("pads", new[] { 3, 3, 3, 3 })).Refused("MCU0622");
        Small().Node("BatchNormalization", "x w w w w", "y", ("training_mode", 1)).Refused("MCU0317");
    }

    [Fact]
    public void Shapes_that_are_not_constant_or_do_not_fit()
    {
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Node("Reshape", "x x", "y").Refused("MCU0319");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("s", 3, -1).Node("Reshape", "x s", "y").Refused("MCU0320");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("s", -1, -1).Node("Reshape", "x s", "y").Refused("MCU0320");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("s", 1L << 40).Node("Reshape", "x s", "y").Refused("MCU0320");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("s", 0, 0, 0).Node("Reshape", "x s", "y").Refused("MCU0320");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("s", 5).Node("Reshape", "x s", "y").Refused("MCU0630");
    }

    [Fact]
    public void Padding_beyond_memory()
    {
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("p", 0, 0, int.MaxValue, int.MaxValue).Node("Pad", "x p", "y").Refused("MCU0606");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("p", 0, 0, 1L << 40, 0).Node("Pad", "x p", "y").Refused("MCU0317");
        new OnnxModelBuilder().Input("x", 1, 4).Output("y").Integers("p", 0, -1, 0, 0).Node("Pad", "x p", "y").Refused("MCU0633");
    }

    [Fact]
    public void Wrong_numbers_of_inputs_and_outputs()
    {
        Small().Node("Conv", "x", "y").Refused("MCU0321");
        Small().Node("Add", "x x x", "y").Refused("MCU0321");
        Small().Node("Add", "x _", "y").Refused("MCU0321");
        Small().Node("MaxPool", "x", "y indices", ("kernel_shape", new[] { 2, 2 })).Node("Relu", "indices", "z").Refused("MCU0321");
    }

    [Fact]
    public void Outputs_that_no_node_computes()
    {
        Conv(Small()).Output("x").Refused("MCU0322");
        Conv(Small()).Output("w").Refused("MCU0322");
        Conv(Small()).Output("nothing").Refused("MCU0322");
    }

    [Fact]
    public void More_nodes_than_a_microcontroller_runs()
    {
        OnnxModelBuilder builder = new OnnxModelBuilder().Input("t0", 1).Output("t20000");
        for (int i = 0; i < 20_000; i++)
        {
            builder.Node("Relu", $"t{i}", $"t{i + 1}");
        }

        builder.Refused("MCU0325");
    }

    [Fact]
    public void A_hostile_name_is_printed_harmlessly()
    {
        OnnxModelBuilder builder = Small().Node("No\u001b[31mOp", "x", "y");
        Assert.DoesNotContain('\u001b', builder.Refused("MCU0307").ToString());
    }

    [Fact]
    public void What_is_converted_is_noted()
    {
        OnnxModelBuilder builder = new OnnxModelBuilder().InputOfType("x", OnnxTensors.Double, 0, 2).Output("y").Node("Add", "x w", "y")
            .Initializer(new TensorProto { Name = "w", DataType = OnnxTensors.Float16, Dims = { 2 }, RawData = ByteString.CopyFrom(0x00, 0x3c, 0x00, 0xc0) });
        var notes = new DiagnosticBag();
        Graph graph = builder.Read(notes);
        Assert.Equal([1f, -2f], graph["w"].Floats());
        Assert.Equal(["MCU0312", "MCU0316", "MCU0316"], notes.Items.Select(n => n.Code).Order());
    }
}
