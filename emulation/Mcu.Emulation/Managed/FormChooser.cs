using System.Globalization;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Int8;

namespace Mcu.Emulation.Managed;

/// <summary>By what the form of C# is chosen.</summary>
/// <param name="NsPerIl">What an IL instruction is taken to cost on the device, in nanoseconds.</param>
/// <param name="MaxMilliseconds">The longest inference that will do.</param>
/// <param name="HeapBytes">The largest managed heap that will do where there is no budget for RAM.</param>
public sealed record FormLimits(double NsPerIl, double MaxMilliseconds, long HeapBytes)
{
    /// <summary>
    /// Assumptions, not measurements: a microcontroller's interpreter at two million instructions a second, a result within a second, and half of the
    /// 256 KiB that the smallest of the platform's usual boards has, whose other half is the firmware's, the application's and the collector's.
    /// </summary>
    public static FormLimits Default { get; } = new(500, FormChoice.UsualMaxMilliseconds, 128 << 10);
}

/// <summary>
/// Compiles to the managed form where the platform takes it, its memory is within the budget and its estimated time within the limit, else to
/// the form that calls native code. The estimate is the number of IL instructions, counted in a run, times what one is said to cost.
/// </summary>
/// <param name="options">What to compile; its form is not looked at.</param>
public sealed class FormChooser(CompileOptions options, FormLimits limits, DiagnosticBag notes)
{
    public CompileResult Compile(Pipeline.Progress? progress, CancellationToken cancellation)
    {
        progress?.Invoke("read", 0);
        LoadedModel loaded = Pipeline.Load(options, notes);
        Int8Model model = Pipeline.Quantize(loaded, options, notes, progress, cancellation);
        progress?.Invoke("choose", 0);
        (NanoForm form, FormChoice choice) = Choose(loaded, model, cancellation);
        progress?.Invoke("plan", 0);
        CompileOptions chosen = options with { Nano = options.Nano! with { Form = form, Choice = choice, NsPerIl = limits.NsPerIl, Count = _ => choice.IlInstructions!.Value } };
        CompileResult result = Pipeline.Emit(loaded, model, chosen, notes, cancellation);
        ManagedVerifier.Compile(result.Nano!);
        Budgets.Check(result, chosen);
        return result;
    }

    private (NanoForm Form, FormChoice Choice) Choose(LoadedModel loaded, Int8Model model, CancellationToken cancellation)
    {
        try
        {
            CompileOptions managed = options with { Nano = options.Nano! with { Form = NanoForm.Managed } };
            CompileResult trial = Pipeline.Emit(loaded, model, managed, new DiagnosticBag(), cancellation);
            return Weigh(trial.Nano!);
        }
        catch (DiagnosticException refused) when (IsLimitOfManagedCode(refused.Diagnostic.Code))
        {
            return (NanoForm.Interop, Because($"there is no managed form: {refused.Diagnostic.Message}"));
        }
    }

    private (NanoForm Form, FormChoice Choice) Weigh(NanoEmission emission)
    {
        long heap = emission.HeapBytes;
        if (heap > (options.BudgetRam ?? limits.HeapBytes))
        {
            string ceiling = options.BudgetRam is { } budget ? $"the budget is {Number(budget)}" : $"without --budget-ram {Number(limits.HeapBytes)} are taken to be there";
            return (NanoForm.Interop, Because($"the managed form needs {Number(heap)} bytes of heap, {ceiling}") with { HeapBytes = heap });
        }

        long instructions = ManagedCost.Count(emission);
        double milliseconds = instructions * limits.NsPerIl / 1e6;
        bool isSlow = milliseconds > limits.MaxMilliseconds;
        string reason = $"the managed form executes {Number(instructions)} IL instructions, at {Number(limits.NsPerIl)} ns each {Number(milliseconds)} ms: "
            + $"{(isSlow ? "more than" : "within")} {Number(limits.MaxMilliseconds)} ms; it needs {Number(heap)} bytes of heap";
        return (isSlow ? NanoForm.Interop : NanoForm.Managed, Because(reason) with { HeapBytes = heap, IlInstructions = instructions });
    }

    private FormChoice Because(string reason) => new(reason, limits.NsPerIl, limits.MaxMilliseconds);

    /// <summary>Constants beyond an assembly, an operator without managed kernel, an adapter that adds nodes, a limit of the platform.</summary>
    private static bool IsLimitOfManagedCode(string code) => code is "MCU1502" or "MCU1504" or "MCU0726" or "MCU1511";

    private static string Number(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}
