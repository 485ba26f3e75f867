using System.Globalization;

namespace Mcu.Generator.Diagnostics;

/// <summary>Who has to act on an error; the tool maps it to its exit code.</summary>
public enum DiagnosticClass
{
    /// <summary>The input is wrong (exit 1).</summary>
    UserMistake,

    /// <summary>The firmware did not build, fit, run or end as it must (exit 4).</summary>
    TargetFailed,

    /// <summary>A program or library that the command needs is not installed (exit 5).</summary>
    ToolMissing,
}

/// <summary>Classes of diagnostics by code range.</summary>
public static class DiagnosticClasses
{
    private const int FirstToolMissing = 1001;
    private const int FirstTargetFailed = 1020;
    private const int FirstEmulationInput = 1080;

    /// <summary>MCU1001 to 1019: tool missing; 1020 to 1079: target failed; all others: the user's mistake.</summary>
    public static DiagnosticClass Of(Diagnostic diagnostic)
    {
        ReadOnlySpan<char> digits = diagnostic.Code.AsSpan(Math.Min(3, diagnostic.Code.Length));
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            ? OfNumber(code)
            : DiagnosticClass.UserMistake;
    }

    private static DiagnosticClass OfNumber(int code) => code switch
    {
        >= FirstToolMissing and < FirstTargetFailed => DiagnosticClass.ToolMissing,
        >= FirstTargetFailed and < FirstEmulationInput => DiagnosticClass.TargetFailed,
        _ => DiagnosticClass.UserMistake,
    };
}
