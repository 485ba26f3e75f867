namespace Mcu.Generator.Operators.Numerics;

/// <summary>Tables of int8 functions of one int8 value, index <c>x + 128</c>.</summary>
public static class LookupTable
{
    public const int Length = 256;

    public static sbyte[] Of(Func<int, sbyte> function)
    {
        var table = new sbyte[Length];
        for (int x = sbyte.MinValue; x <= sbyte.MaxValue; x++)
        {
            table[x - sbyte.MinValue] = function(x);
        }

        return table;
    }

    /// <summary>A function of two operands of which one is a constant.</summary>
    /// <param name="activation">Which operand (0 or 1) is not the constant.</param>
    public static sbyte[] WithConstant(Func<int, int, sbyte> function, int activation, sbyte constant) =>
        Of(x => activation == 0 ? function(x, constant) : function(constant, x));

    /// <summary>The table of a real function: rounded half away from zero to the output's grid, saturated.</summary>
    public static sbyte[] OfReal(Graphs.Quantization input, Graphs.Quantization output, Func<double, double> function) =>
        Of(x => FixedPoint.Quantize(function((double)input.Scale * (x - input.ZeroPoint)), output.Scale, output.ZeroPoint));

    public static bool IsIdentity(IReadOnlyList<sbyte> table) =>
        table.Select((y, i) => y == i + sbyte.MinValue).All(same => same);
}
