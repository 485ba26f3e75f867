using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Verification;

namespace Mcu.Tests.Onnx;

/// <summary>The published operator cases of the ONNX project: expected outputs come from there.</summary>
public class OnnxBackendTests
{
    [Theory]
    [InlineData("AvgPool1d")]
    [InlineData("AvgPool2d")]
    [InlineData("BatchNorm2d_eval")]
    [InlineData("ConstantPad2d")]
    [InlineData("Conv1d_dilated")]
    [InlineData("Conv1d_pad1")]
    [InlineData("Conv1d_pad2")]
    [InlineData("Conv1d_stride")]
    [InlineData("Conv2d_depthwise")]
    [InlineData("Conv2d_depthwise_strided")]
    [InlineData("Conv2d_dilated")]
    [InlineData("Conv2d_groups_thnn")]
    [InlineData("Conv2d_padding")]
    [InlineData("Linear_no_bias")]
    [InlineData("MaxPool1d")]
    [InlineData("MaxPool1d_stride_padding_dilation")]
    [InlineData("MaxPool2d_stride_padding_dilation")]
    [InlineData("ReLU")]
    [InlineData("ZeroPad2d")]
    [InlineData("operator_add_size1_broadcast")]
    [InlineData("operator_add_size1_singleton_broadcast")]
    [InlineData("operator_addmm")]
    [InlineData("operator_concat2")]
    [InlineData("operator_flatten")]
    [InlineData("operator_maxpool")]
    [InlineData("operator_mm")]
    [InlineData("operator_pow")]
    [InlineData("operator_reduced_mean_keepdim")]
    [InlineData("operator_sqrt")]
    [InlineData("softmax_lastdim")]
    public void Published_case_gives_the_published_output(string name)
    {
        string folder = TestData.Shared($"onnx-backend/test_{name}");
        Graph graph = OnnxReader.ReadFile(Path.Combine(folder, "model.onnx"), new DiagnosticBag());
        Dictionary<string, TensorValue> inputs = Inputs(graph, folder);
        Check(graph, inputs, folder);
    }

    [Theory]
    [InlineData("ConvTranspose2d", "ConvTranspose")]
    [InlineData("ELU", "Elu")]
    [InlineData("GLU_dim", "Split")]
    [InlineData("LeakyReLU_with_negval", "LeakyRelu")]
    [InlineData("PReLU_1d_multiparam", "PRelu")]
    [InlineData("PReLU_2d_multiparam", "PRelu")]
    [InlineData("Sigmoid", "Sigmoid")]
    [InlineData("Softmin", "Neg")]
    [InlineData("Softsign", "Abs")]
    [InlineData("log_softmax_lastdim", "LogSoftmax")]
    [InlineData("operator_chunk", "Split")]
    [InlineData("operator_convtranspose", "ConvTranspose")]
    [InlineData("operator_params", "Tanh")]
    [InlineData("operator_reduced_sum_keepdim", "ReduceSum")]
    public void Unsupported_operator_is_refused_by_name_with_the_list_of_supported_ones(string name, string op)
    {
        string path = TestData.Shared($"onnx-backend/test_{name}/model.onnx");
        Diagnostic diagnostic = Assert.Throws<DiagnosticException>(() => OnnxReader.ReadFile(path, new DiagnosticBag())).Diagnostic;
        Assert.Equal("MCU0307", diagnostic.Code);
        Assert.Contains(op, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("Conv, ", diagnostic.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ReplicationPad2d", "MCU0317")]
    public void Unsupported_form_is_refused(string name, string code)
    {
        string path = TestData.Shared($"onnx-backend/test_{name}/model.onnx");
        Assert.Equal(code, Assert.Throws<DiagnosticException>(() => OnnxReader.ReadFile(path, new DiagnosticBag())).Diagnostic.Code);
    }

    private static Dictionary<string, TensorValue> Inputs(Graph graph, string folder)
    {
        var inputs = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        for (int i = 0; i < graph.Inputs.Length; i++)
        {
            inputs[graph.Inputs[i]] = Tensor(Path.Combine(folder, "test_data_set_0", $"input_{i}.pb"));
        }

        return inputs;
    }

    private static void Check(Graph graph, Dictionary<string, TensorValue> inputs, string folder)
    {
        TensorValue actual = FloatReference.Run(graph, inputs)[graph.Outputs[0]];
        TensorValue expected = Tensor(Path.Combine(folder, "test_data_set_0", "output_0.pb"));
        Assert.Equal(expected.Shape, actual.Shape);

        // Roots of negative numbers are published as NaN; there NaN is wanted, and zero stands for both.
        for (int i = 0; i < expected.Floats.Length; i++)
        {
            if (float.IsNaN(expected.Floats[i]))
            {
                Assert.True(float.IsNaN(actual.Floats[i]), $"element {i}");
                expected.Floats[i] = actual.Floats[i] = 0;
            }
        }

        TensorComparison comparison = TensorComparison.Of(graph.Nodes[^1], graph.Outputs[0], new TensorSource("expected", []), actual, expected);
        Assert.True(comparison.Passed, comparison.ToString());
    }

    private static TensorValue Tensor(string path) =>
        TensorValue.Constant(OnnxTensors.Decode(TensorProto.Parser.ParseFrom(File.ReadAllBytes(path)), "data", path, new DiagnosticBag()));
}
