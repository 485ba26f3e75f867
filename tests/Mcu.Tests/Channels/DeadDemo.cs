using System.Runtime.InteropServices;
using Google.Protobuf;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Channels;

/// <summary>The demo's network as if training had switched channels of two pointwise layers off: some are zero, one is a constant above it.</summary>
internal static class DeadDemo
{
    /// <summary>Channels of block2.pw that remain.</summary>
    public const string Kept = "0-2,4-6,10-31";

    private static readonly Lazy<string> File = new(Write);

    public static string Base => File.Value;

    /// <summary>An adapter of low rank for block2.pw that changes these rows.</summary>
    public static string Lora(string name, params int[] rows) =>
        new AdapterFolder(11).Lora("block2.pw", [32, 32, 1, 1], 2, 0.3f, rows.Length == 0 ? null : rows).Write(name, ("r", 2), ("lora_alpha", 2));

    /// <summary>An adapter of low rank for the layer that reads the constant.</summary>
    public static string ReaderLora() =>
        new AdapterFolder(12).Lora("block3.pw", [32, 32, 1, 1], 3, 0.2f).Write("reader", ("r", 3), ("lora_alpha", 3));

    private static string Write()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(System.IO.File.ReadAllBytes(TestData.Repo("tests/demo/base/kws_demo.onnx")));
        foreach (int channel in (int[])[3, 7, 8, 9])
        {
            Kill(model, "block2.pw", channel, 0);
        }

        Kill(model, "block3.dw", 3, 0.7f);
        string path = Path.Combine(TestFolder.Create("dead"), "dead.onnx");
        System.IO.File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static void Kill(ModelProto model, string layer, int channel, float bias)
    {
        Set(model, layer + ".weight", (values, depth) => values.AsSpan(channel * depth, depth).Clear());
        Set(model, layer + ".bias", (values, _) => values[channel] = bias);
    }

    private static void Set(ModelProto model, string name, Action<float[], int> change)
    {
        TensorProto tensor = model.Graph.Initializer.Single(t => t.Name == name);
        float[] values = tensor.FloatData.Count > 0 ? [.. tensor.FloatData] : MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
        change(values, values.Length / (int)tensor.Dims[0]);
        tensor.FloatData.Clear();
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values));
    }
}
