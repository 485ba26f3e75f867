using System.Runtime.InteropServices;
using Google.Protobuf;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Tests.Adapters;

/// <summary>
/// Merges adapters into the initializers of an ONNX model in ONNX's own layout ([O,I,KH,KW], [O,K] or [K,O]), without
/// any code of the compiler.
/// </summary>
internal static class OnnxAdapterMerge
{
    /// <summary>Adds <paramref name="scale"/>·B·A; <paramref name="b"/> is [O,r], <paramref name="a"/> is [r, all other dimensions].</summary>
    public static void AddLora(ModelProto model, string initializer, float[] a, float[] b, int rank, double scale, bool transposed = false)
    {
        TensorProto tensor = Find(model, initializer);
        float[] weights = Values(tensor);
        int outputs = b.Length / rank;
        int columns = a.Length / rank;
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < columns; k++)
            {
                double delta = Enumerable.Range(0, rank).Sum(r => (double)b[(o * rank) + r] * a[(r * columns) + k]);
                int at = transposed ? (k * outputs) + o : (o * columns) + k;
                weights[at] = (float)(weights[at] + (scale * delta));
            }
        }

        Set(tensor, weights);
    }

    public static void Replace(ModelProto model, string initializer, float[] values) => Set(Find(model, initializer), values);

    public static float[] ValuesOf(ModelProto model, string initializer) => Values(Find(model, initializer));

    public static int[] Shape(ModelProto model, string initializer) => [.. Find(model, initializer).Dims.Select(d => (int)d)];

    private static TensorProto Find(ModelProto model, string name) => model.Graph.Initializer.Single(t => t.Name == name);

    private static float[] Values(TensorProto tensor) => tensor.FloatData.Count > 0
        ? [.. tensor.FloatData]
        : MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();

    private static void Set(TensorProto tensor, float[] values)
    {
        Assert.Equal(tensor.Dims.Aggregate(1L, (p, d) => p * d), values.Length);
        tensor.FloatData.Clear();
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values));
    }
}
