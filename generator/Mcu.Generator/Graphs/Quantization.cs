namespace Mcu.Generator.Graphs;

/// <summary>
/// Affine quantisation, <c>real = scale · (q − zeroPoint)</c>: one scale for the tensor, or one per index of
/// <paramref name="Axis"/> (TensorFlow Lite 8-bit quantisation specification).
/// </summary>
/// <param name="Scales">One positive finite scale, or one per channel.</param>
/// <param name="ZeroPoints">As many zero points as scales; all zero when per channel.</param>
/// <param name="Axis">Quantised dimension when per channel; ignored when per tensor.</param>
public sealed record Quantization(EquatableArray<float> Scales, EquatableArray<int> ZeroPoints, int Axis = 0)
{
    public Quantization(float scale, int zeroPoint)
        : this([scale], [zeroPoint])
    {
    }

    public bool IsPerChannel => Scales.Length > 1;

    /// <summary>The scale of a per-tensor quantisation, or of the first channel.</summary>
    public float Scale => Scales[0];

    /// <summary>The zero point of a per-tensor quantisation.</summary>
    public int ZeroPoint => ZeroPoints[0];

    /// <summary>The scale of channel <paramref name="channel"/>, also when there is one for all.</summary>
    public float ScaleOf(int channel) => Scales.Length == 1 ? Scales[0] : Scales[channel];
}
