namespace Mcu.Generator.Execution;

/// <summary>
/// The linear congruential sequence that every generated input comes from (docs/DELTA-FORMAT.md, "self-tests"): the same on every machine
/// and on the device. Its high bits are the good ones.
/// </summary>
public static class InputSequence
{
    private const uint Multiplier = 1664525;
    private const uint Increment = 1013904223;

    /// <summary>The number after <paramref name="state"/>, which starts as the seed.</summary>
    public static uint Next(uint state) => unchecked((state * Multiplier) + Increment);
}
