using Mcu.Generator.Diagnostics;
using Mcu.Generator.Report;

namespace Mcu.Generator;

/// <summary>Compares a compilation with the user's budgets.</summary>
public static class Budgets
{
    /// <summary>MCU0801 (RAM) and MCU0802 (flash) where a budget is exceeded.</summary>
    public static void Check(CompileResult result, CompileOptions options)
    {
        ReportTotals totals = result.Report.Totals;
        (string what, long ram) = result.Nano is { } nano ? ("managed heap of the network", nano.HeapBytes) : ("arena", totals.ArenaBytes);
        if (options.BudgetRam < ram)
        {
            throw new DiagnosticException("MCU0801", $"The {what} takes {ram} bytes; the RAM budget is {options.BudgetRam}.", Path.GetFileName(options.BasePath), "Try --optimize ram, a smaller network or another budget.");
        }

        int flash = totals.WeightBytes + totals.AdapterBytes;
        if (options.BudgetFlash < flash)
        {
            throw new DiagnosticException("MCU0802", $"Weights and adapters take {flash} bytes; the flash budget is {options.BudgetFlash}.", Path.GetFileName(options.BasePath), "Try --optimize flash, --adapter-mode side, fewer adapters or another budget.");
        }
    }
}
