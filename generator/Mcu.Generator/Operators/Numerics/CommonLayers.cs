namespace Mcu.Generator.Operators.Numerics;

/// <summary>For operators that only move bytes.</summary>
public sealed record MoveLayer : Int8Layer;

/// <summary>For operators that keep the quantisation and clamp (pools).</summary>
public sealed record ClampLayer(int ActivationMin, int ActivationMax) : Int8Layer;

/// <summary>For element-wise change of scale: <c>y = clamp(requant(x − zx) + zy)</c>.</summary>
public sealed record RescaleLayer(int InputZeroPoint, Requantization By, int OutputZeroPoint, int ActivationMin, int ActivationMax) : Int8Layer
{
    public sbyte Apply(int x) =>
        (sbyte)Math.Clamp(FixedPoint.Requantize(x - InputZeroPoint, By) + OutputZeroPoint, ActivationMin, ActivationMax);

    /// <summary>The result for every input byte: what the emitted kernel looks up.</summary>
    public sbyte[] Table() => LookupTable.Of(Apply);
}

/// <summary>For any function of one int8 value: its results, index <c>x + 128</c>.</summary>
public sealed record LookupLayer(Graphs.EquatableArray<sbyte> Table) : Int8Layer
{
    public void Run(ReadOnlySpan<sbyte> x, Span<sbyte> y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = Table[x[i] - sbyte.MinValue];
        }
    }
}
