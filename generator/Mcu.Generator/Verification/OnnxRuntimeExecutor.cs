using Google.Protobuf;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Shape = Mcu.Generator.Graphs.Shape;

namespace Mcu.Generator.Verification;

/// <summary>
/// Runs an ONNX model with Microsoft's ONNX Runtime, the reference for float graphs: one thread, no graph
/// optimisation, so that every tensor of the file is computed as written.
/// </summary>
public sealed class OnnxRuntimeExecutor : IDisposable
{
    private readonly InferenceSession session;
    private readonly string name;

    /// <param name="model">The model file's bytes.</param>
    /// <param name="everyTensor">Return every intermediate tensor too, not only the outputs.</param>
    /// <param name="name">File name for diagnostics.</param>
    /// <exception cref="DiagnosticException">MCU1101: ONNX Runtime refuses the model; MCU1401: it is not there.</exception>
    public OnnxRuntimeExecutor(ReadOnlyMemory<byte> model, bool everyTensor = false, string name = "model")
    {
        this.name = name;
        byte[] bytes = everyTensor ? WithEveryOutput(model, name) : model.ToArray();
        try
        {
            using var options = new SessionOptions
            {
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                IntraOpNumThreads = 1,
                InterOpNumThreads = 1,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            };
            session = Guard(() => new InferenceSession(bytes, options));
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new DiagnosticException(
                "MCU1401", "ONNX Runtime has no library for this platform, or it cannot be loaded.", name, "Run this on Linux, on Windows, or on macOS with an Arm processor.");
        }
    }

    /// <summary>Runs a model once and returns its outputs by name.</summary>
    public static Dictionary<string, TensorValue> Run(byte[] model, IReadOnlyDictionary<string, TensorValue> inputs)
    {
        using var executor = new OnnxRuntimeExecutor(model);
        return executor.Run(inputs);
    }

    /// <summary>Runs one sample. Float types come back as Float32; tensors of other types are left out.</summary>
    /// <exception cref="DiagnosticException">MCU1101: ONNX Runtime fails.</exception>
    public Dictionary<string, TensorValue> Run(IReadOnlyDictionary<string, TensorValue> inputs)
    {
        var feeds = new List<NamedOnnxValue>();
        foreach ((string input, NodeMetadata metadata) in session.InputMetadata)
        {
            feeds.Add(Feed(input, metadata, inputs[input]));
        }

        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = Guard(() => session.Run(feeds));
        var outputs = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        foreach (DisposableNamedOnnxValue result in results)
        {
            if (Value(result.Value) is { } value)
            {
                outputs[result.Name] = value;
            }
        }

        return outputs;
    }

    public void Dispose() => session.Dispose();

    private static byte[] WithEveryOutput(ReadOnlyMemory<byte> model, string name)
    {
        ModelProto proto = OnnxFile.Parse(model, name);
        var known = proto.Graph.Output.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        foreach (string output in proto.Graph.Node.SelectMany(n => n.Output))
        {
            if (output.Length > 0 && known.Add(output))
            {
                proto.Graph.Output.Add(new ValueInfoProto { Name = output });
            }
        }

        return proto.ToByteArray();
    }

    private static NamedOnnxValue Feed(string input, NodeMetadata metadata, TensorValue value)
    {
        int[] dims = value.Shape.Dims.ToArray();
        if (metadata.ElementDataType == TensorElementType.Double)
        {
            return NamedOnnxValue.CreateFromTensor(input, new DenseTensor<double>(Array.ConvertAll(value.Floats, f => (double)f), dims));
        }

        if (metadata.ElementDataType == TensorElementType.Float16)
        {
            return NamedOnnxValue.CreateFromTensor(input, new DenseTensor<Float16>(Array.ConvertAll(value.Floats, f => (Float16)f), dims));
        }

        return NamedOnnxValue.CreateFromTensor(input, new DenseTensor<float>(value.Floats, dims));
    }

    private static TensorValue? Value(object value) => value switch
    {
        Tensor<float> t => new TensorValue(ShapeOf(t.Dimensions), t.ToArray()),
        Tensor<double> t => new TensorValue(ShapeOf(t.Dimensions), Array.ConvertAll(t.ToArray(), d => (float)d)),
        Tensor<Float16> t => new TensorValue(ShapeOf(t.Dimensions), Array.ConvertAll(t.ToArray(), h => (float)h)),
        _ => null,
    };

    private static Shape ShapeOf(ReadOnlySpan<int> dims) => new(EquatableArray.Create(dims));

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (OnnxRuntimeException e)
        {
            throw new DiagnosticException("MCU1101", $"ONNX Runtime refuses the model: {e.Message}", name);
        }
    }
}
