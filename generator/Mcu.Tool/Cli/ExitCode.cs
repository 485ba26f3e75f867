using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Cli;

/// <summary>Exit codes of every command; documented in docs/CLI.md and stable.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int UserMistake = 1;
    public const int BudgetExceeded = 2;
    public const int InternalError = 3;
    public const int CheckFailed = 4;
    public const int ToolMissing = 5;
    public const int Cancelled = 130;

    /// <summary>By the diagnostic's class; the tool's own codes say what no class does.</summary>
    public static int Of(Diagnostic diagnostic) => diagnostic.Code switch
    {
        "MCU0002" or "MCU0005" => InternalError,
        "MCU0003" => Cancelled,
        _ => OfClass(DiagnosticClasses.Of(diagnostic)),
    };

    private static int OfClass(DiagnosticClass kind) => kind switch
    {
        DiagnosticClass.BudgetExceeded => BudgetExceeded,
        DiagnosticClass.TargetFailed or DiagnosticClass.CheckFailed => CheckFailed,
        DiagnosticClass.ToolMissing => ToolMissing,
        _ => UserMistake,
    };
}
