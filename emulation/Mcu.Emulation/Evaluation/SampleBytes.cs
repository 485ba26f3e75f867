using System.Runtime.InteropServices;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Evaluation;

/// <summary>Little-endian bytes of float32 and int8 samples.</summary>
public static class SampleBytes
{
    public static int Of(Tensor tensor) => checked((int)tensor.Shape.Elements * (tensor.Type == DataType.Float32 ? sizeof(float) : 1));

    public static TensorValue ToValue(ReadOnlySpan<byte> bytes, Tensor tensor) => tensor.Type == DataType.Float32
        ? new TensorValue(tensor.Shape, MemoryMarshal.Cast<byte, float>(bytes).ToArray())
        : new TensorValue(tensor.Shape, MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray());

    public static byte[] FromValue(TensorValue value) => value.Type == DataType.Float32
        ? MemoryMarshal.AsBytes<float>(value.Floats).ToArray()
        : MemoryMarshal.AsBytes<sbyte>(value.Int8).ToArray();

    /// <summary>An int8 sample's integers or a float sample's numbers, as floats; the order of values is kept.</summary>
    public static float[] ToReal(ReadOnlySpan<byte> bytes, Tensor tensor)
    {
        TensorValue value = ToValue(bytes, tensor);
        return value.Type == DataType.Float32 ? value.Floats : [.. value.Int8.Select(v => (float)v)];
    }

    public static byte[] Join(IEnumerable<TensorValue> samples) => [.. samples.SelectMany(FromValue)];
}
