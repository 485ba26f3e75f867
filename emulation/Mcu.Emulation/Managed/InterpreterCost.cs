namespace Mcu.Emulation.Managed;

/// <summary>
/// What the platform's interpreter takes per instruction, in units of a simple one (a local, a constant, an addition). Ratios as measured on a host build
/// of the interpreter: an array element costs five, a static field six, a call ten.
/// </summary>
public static class InterpreterCost
{
    /// <summary>Simple instructions that a run is worth.</summary>
    public static double Units(ExecutedInstructions executed) => executed.ByOpcode.Sum(o => o.Value * Of(o.Key));

    /// <summary>Estimated seconds on an interpreter of a given speed.</summary>
    /// <param name="unitsPerSecond">Simple instructions a second; a host build does some 300 million.</param>
    public static double Seconds(ExecutedInstructions executed, double unitsPerSecond) => Units(executed) / unitsPerSecond;

    private static double Of(string opcode) => opcode switch
    {
        _ when opcode.StartsWith("ldelem", StringComparison.Ordinal) || opcode.StartsWith("stelem", StringComparison.Ordinal) => 5,
        "ldsfld" or "stsfld" => 6,
        "ldfld" or "stfld" => 3,
        "call" or "callvirt" or "newobj" => 10,
        _ => 1,
    };
}
