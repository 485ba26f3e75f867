using System.Globalization;

namespace Mcu.Generator.Diagnostics;

/// <summary>Who has to act on an error; the tool maps it to its exit code.</summary>
public enum DiagnosticClass
{
    /// <summary>The input is wrong (exit 1).</summary>
    UserMistake,

    /// <summary>The firmware needs more RAM or flash than the budget allows (exit 2).</summary>
    BudgetExceeded,

    /// <summary>The firmware did not build, fit, run or end as it must (exit 4).</summary>
    TargetFailed,

    /// <summary>A verification found a difference (exit 4).</summary>
    CheckFailed,

    /// <summary>A program or library that the command needs is not installed (exit 5).</summary>
    ToolMissing,
}

/// <summary>Classes of diagnostics by code range.</summary>
public static class DiagnosticClasses
{
    private const int FirstBudget = 801;
    private const int LastBudget = 809;
    private const int FirstToolMissing = 1001;
    private const int FirstTargetFailed = 1020;
    private const int FirstEmulationInput = 1080;
    private const int FirstCheck = 1100;
    private const int NotComparable = 1102;
    private const int NothingToCompare = 1103;
    private const int OtherNetwork = 1124;
    private const int LastCheck = 1199;
    private const int NoOnnxRuntime = 1401;

    /// <summary>
    /// MCU0801 to 0809: budget exceeded; MCU1001 to 1019 and 1401: tool missing; 1020 to 1079: target failed; 11xx: check failed,
    /// except where nothing could be compared; all others: the user's mistake.
    /// </summary>
    public static DiagnosticClass Of(Diagnostic diagnostic)
    {
        ReadOnlySpan<char> digits = diagnostic.Code.AsSpan(Math.Min(3, diagnostic.Code.Length));
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            ? OfNumber(code)
            : DiagnosticClass.UserMistake;
    }

    private static DiagnosticClass OfNumber(int code) => code switch
    {
        >= FirstBudget and <= LastBudget => DiagnosticClass.BudgetExceeded,
        NoOnnxRuntime or (>= FirstToolMissing and < FirstTargetFailed) => DiagnosticClass.ToolMissing,
        >= FirstTargetFailed and < FirstEmulationInput => DiagnosticClass.TargetFailed,
        NotComparable or NothingToCompare or OtherNetwork => DiagnosticClass.UserMistake,
        >= FirstCheck and <= LastCheck => DiagnosticClass.CheckFailed,
        _ => DiagnosticClass.UserMistake,
    };
}
