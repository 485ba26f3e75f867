using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Onnx;

/// <summary>How the operators of transformers are read, and what of them is refused.</summary>
public class OnnxTransformerOperatorTests
{
    private static OnnxModelBuilder Tokens(int opset = 13) =>
        new OnnxModelBuilder(opset).Input("x", 1, 5, 6).Output("y").Weights("g", [6]).Weights("b", [6]).Weights("short", [5]);

    [Fact]
    public void Layer_normalization_has_the_defaults_of_the_standard()
    {
        Node node = Assert.Single(Tokens(17).Node("LayerNormalization", "x g", "y").Read().Nodes);
        Assert.Equal(new LayerNormalization(2, 1e-5f), node.Operator);
    }

    [Fact]
    public void Layer_normalization_of_another_form_is_refused()
    {
        Tokens(17).Node("LayerNormalization", "x g b", "y", ("axis", 1)).Refused("MCU0636");
        Tokens(17).Node("LayerNormalization", "x g b", "y", ("axis", 3)).Refused("MCU0317");
        Tokens(17).Node("LayerNormalization", "x g b", "y", ("stash_type", 11)).Refused("MCU0317");
        Tokens(17).Node("LayerNormalization", "x g b", "y", ("epsilon", -1f)).Refused("MCU0634");
        Tokens(17).Node("LayerNormalization", "x short b", "y").Refused("MCU0621");
        Tokens(17).Node("LayerNormalization", "x g b", "y", ("invented", 1)).Refused("MCU0318");
        Tokens(17).Output("mean").Node("LayerNormalization", "x g b", "y mean").Refused("MCU0321");
        Tokens(17).Node("LayerNormalization", "x", "y").Refused("MCU0321");
    }

    [Fact]
    public void Gelu_is_exact_unless_the_attribute_says_tanh()
    {
        Assert.Equal(new Gelu(false), Tokens(20).Node("Gelu", "x", "y").Read().Nodes[0].Operator);
        Assert.Equal(new Gelu(true), Tokens(20).Node("Gelu", "x", "y", ("approximate", "tanh")).Read().Nodes[0].Operator);
        Tokens(20).Node("Gelu", "x", "y", ("approximate", "sigmoid")).Refused("MCU0317");
    }

    [Fact]
    public void The_runtimes_own_domain_needs_its_import_and_a_known_operator()
    {
        OnnxModelBuilder without = Tokens().Microsoft("Gelu", "x", "y");
        without.Model.OpsetImport.RemoveAt(1);
        without.Refused("MCU0305");
        OnnxModelBuilder newer = Tokens().Microsoft("Gelu", "x", "y");
        newer.Model.OpsetImport[1].Version = 2;
        newer.Refused("MCU0305");
        Diagnostic unknown = Tokens().Microsoft("BiasSplitGelu", "x b", "y").Refused("MCU0307");
        Assert.Contains("BiasSplitGelu", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("FastGelu, Gelu", unknown.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_integer_exponent_becomes_a_float_constant()
    {
        OnnxModelBuilder model = Tokens().Initializer(new TensorProto { Name = "two", DataType = OnnxTensors.Int64, Int64Data = { 2 } }).Node("Pow", "x two", "y");
        Graph graph = model.Read();
        Tensor exponent = graph[graph.Nodes[0].Inputs[1]];
        Assert.Equal(Shape.Scalar, exponent.Shape);
        Assert.Equal([2f], exponent.Floats());
    }

    [Fact]
    public void Operands_that_do_not_fit_are_refused()
    {
        Tokens().Node("Mul", "x short", "y").Refused("MCU0627");
        Tokens().Node("Sub", "x", "y").Refused("MCU0321");
        Tokens().Node("Erf", "x g", "y").Refused("MCU0321");
        Tokens().Node("Sqrt", "x", "y", ("alpha", 1f)).Refused("MCU0318");
    }
}
