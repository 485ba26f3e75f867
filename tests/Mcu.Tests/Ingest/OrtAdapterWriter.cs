using System.Runtime.InteropServices;
using Google.FlatBuffers;

namespace Mcu.Tests.Ingest;

/// <summary>Writes <c>.onnx_adapter</c> files from ONNX Runtime's schema (adapter_schema.fbs), independently of the reader.</summary>
internal sealed class OrtAdapterWriter
{
    private readonly FlatBufferBuilder builder = new(1024);
    private readonly List<int> parameters = [];

    public int FormatVersion { get; init; } = 1;

    public string Identifier { get; init; } = "TORT";

    public OrtAdapterWriter Add(string name, long[] dims, float[] values) => Add(name, dims, 1, MemoryMarshal.AsBytes<float>(values).ToArray());

    public OrtAdapterWriter Add(string name, long[] dims, int type, byte[] raw)
    {
        builder.StartVector(1, raw.Length, 8);
        foreach (byte b in raw.Reverse())
        {
            builder.AddByte(b);
        }

        int data = builder.EndVector().Value;
        builder.StartVector(8, dims.Length, 8);
        foreach (long dim in dims.Reverse())
        {
            builder.AddLong(dim);
        }

        int shape = builder.EndVector().Value;
        int text = builder.CreateString(name).Value;
        builder.StartTable(4);
        builder.AddOffset(0, text, 0);
        builder.AddOffset(1, shape, 0);
        builder.AddInt(2, type, 0);
        builder.AddOffset(3, data, 0);
        parameters.Add(builder.EndTable());
        return this;
    }

    public byte[] ToBytes()
    {
        builder.StartVector(4, parameters.Count, 4);
        foreach (int parameter in Enumerable.Reverse(parameters))
        {
            builder.AddOffset(parameter);
        }

        int list = builder.EndVector().Value;
        builder.StartTable(4);
        builder.AddInt(0, FormatVersion, 0);
        builder.AddInt(1, 7, 0);
        builder.AddInt(2, 9, 0);
        builder.AddOffset(3, list, 0);
        builder.Finish(builder.EndTable(), Identifier);
        return builder.SizedByteArray();
    }
}
