using System.Collections.Immutable;
using System.Globalization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Planning;

/// <summary>
/// Gives every buffer an offset in one arena as small as it can find, and says how good the result is. The plan is a
/// function of problem and options alone: no clock, no thread count and no machine has a part in it.
/// </summary>
public static class MemoryPlanner
{
    /// <summary>Plans without a place for notes; see the other overload.</summary>
    public static MemoryPlan Plan(PlanProblem problem, PlannerOptions options, CancellationToken cancellation) =>
        Plan(problem, options, new DiagnosticBag(), cancellation);

    /// <summary>
    /// Plans by greedy placement, then by tree search, and if neither is provably optimal with CP-SAT up to its
    /// deterministic limit.
    /// Throws <see cref="DiagnosticException"/> MCU0821 to MCU0826 for a meaningless or too large problem; warns
    /// MCU0820 if the solver's native library does not load.
    /// </summary>
    public static MemoryPlan Plan(PlanProblem problem, PlannerOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        ProblemChecker.Check(problem);
        PlacementModel model = PlacementModel.Build(problem);
        long bound = LowerBound.Of(model);
        Placement placement = new PlacementSearch(model, bound, options.Seed, cancellation).Run();
        if (placement.Arena == bound)
        {
            return Finish(problem, model, placement.Offsets, bound, (b, _) => $"optimal (bound = {b}, {placement.Method} = bound)");
        }

        if (!options.UseSolver)
        {
            return Finish(problem, model, placement.Offsets, bound, (b, a) => $"gap {Gap(b, a)} (bound {b}, solver off)");
        }

        return TrySolve(model, bound, placement.Offsets, options, notes, cancellation) is { } result
            ? Merge(problem, model, placement, result)
            : Finish(problem, model, placement.Offsets, bound, (b, a) => $"gap {Gap(b, a)} (bound {b}, solver not available)");
    }

    private static SolverResult? TrySolve(
        PlacementModel model, long bound, long[] hint, PlannerOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        try
        {
            return ArenaSolver.Solve(model, bound, hint, options, cancellation);
        }
        catch (Exception failure) when (failure is TypeInitializationException or DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            Exception cause = failure.InnerException ?? failure;
            notes.Warn(
                "MCU0820",
                $"The solver of OR-Tools cannot be loaded, so the arena may be larger than need be: {cause.Message}",
                hint: "Use a 64-bit Linux, Windows or macOS with the C++ runtime library installed.");
            return null;
        }
    }

    private static MemoryPlan Merge(PlanProblem problem, PlacementModel model, Placement placement, SolverResult result)
    {
        // The solver's plan is taken only if it is smaller, so that most plans do not depend on the solver's version.
        bool isBetter = result.Offsets is { } found && model.Arena(found) < placement.Arena;
        long[] best = isBetter ? result.Offsets! : placement.Offsets;
        bool optimal = result.LowerBound == model.Arena(best);
        MemoryPlan plan = Finish(
            problem,
            model,
            best,
            result.LowerBound,
            (b, a) => optimal ? (FormattableString)$"optimal (CP-SAT proof)" : $"gap {Gap(b, a)} (bound {b}, deterministic limit reached)");
        return plan with
        {
            Proof = plan.Proof with { LimitReached = result.LimitReached && !optimal, DeterministicTime = result.DeterministicTime },
        };
    }

    private static MemoryPlan Finish(
        PlanProblem problem, PlacementModel model, long[] offsets, long bound, Func<int, int, FormattableString> method)
    {
        int arena = ToBytes(model.Arena(offsets), model.Unit);
        int lower = ToBytes(bound, model.Unit);
        var byName = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < offsets.Length; i++)
        {
            byName.Add(problem.Buffers[i].Name, ToBytes(offsets[i], model.Unit));
        }

        string statement = method(lower, arena).ToString(CultureInfo.InvariantCulture);
        return new MemoryPlan(byName.ToImmutable(), arena, new PlanProof(lower, lower == arena, statement, false, 0));
    }

    private static string Gap(int bound, int arena) =>
        (100.0 * (arena - bound) / bound).ToString("0.0###", CultureInfo.InvariantCulture) + " %";

    private static int ToBytes(long units, int unit)
    {
        long bytes = units * unit;
        return bytes <= int.MaxValue
            ? (int)bytes
            : throw new DiagnosticException(
                "MCU0826", "The live buffers do not fit 2 GiB.", hint: "The model is not for a microcontroller.");
    }
}
