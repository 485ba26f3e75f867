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

    /// <summary>The result for every input byte, index <c>x + 128</c>: what the emitted kernel looks up.</summary>
    public sbyte[] Table()
    {
        var table = new sbyte[256];
        for (int x = sbyte.MinValue; x <= sbyte.MaxValue; x++)
        {
            table[x - sbyte.MinValue] = Apply(x);
        }

        return table;
    }
}
