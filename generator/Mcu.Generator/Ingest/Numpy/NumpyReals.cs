using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Arrays of real numbers in an adapter's archive.</summary>
internal static class NumpyReals
{
    /// <summary>The array in single precision; MCU0433 for another type, MCU0416 for a value that is not finite.</summary>
    /// <param name="part">Its name in messages.</param>
    /// <param name="takesIntegers">Whether whole numbers do as well.</param>
    /// <param name="error">Makes the diagnostic of a code and a message without its full stop.</param>
    public static AdapterTensor Of(NumpyArray array, string part, bool takesIntegers, Func<string, string, DiagnosticException> error)
    {
        float[] values = array.Data switch
        {
            float[] v => v,
            double[] v => Array.ConvertAll(v, x => (float)x),
            _ when takesIntegers => [.. Enumerable.Range(0, array.Data.Length).Select(i => Convert.ToSingle(array.Data.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))],
            _ => throw error("MCU0433", $"'{part}' is {array.Type} instead of float32 or float64"),
        };
        int bad = Array.FindIndex(values, v => !float.IsFinite(v));
        return bad < 0
            ? new AdapterTensor(array.Shape, EquatableArray.Wrap(values))
            : throw error("MCU0416", $"Element {bad} of '{part}' is {(float.IsNaN(values[bad]) ? "NaN" : "infinite")}");
    }
}
