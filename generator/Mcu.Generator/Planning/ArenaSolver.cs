using System.Globalization;
using Google.OrTools.Sat;

namespace Mcu.Generator.Planning;

/// <summary>What the exact solver found, in units.</summary>
internal sealed record SolverResult(long[]? Offsets, long LowerBound, bool LimitReached, double DeterministicTime);

/// <summary>
/// The exact model for OR-Tools CP-SAT. Ordinary conflicts are rectangles in half steps and addresses that do not
/// overlap. A pair with a rule is cut apart in the middle of its step, so that its rectangles do not meet, and gets a
/// choice of its own instead; so does every other pair that lost its common step by such a cut.
/// </summary>
internal sealed class ArenaSolver
{
    private const string Tuning = "use_timetabling_in_no_overlap_2d:true use_energetic_reasoning_in_no_overlap_2d:true";

    /// <summary>Left to itself the solver takes Ctrl-C over and puts the system's default in its place afterwards, which ends the process.</summary>
    private const string Signals = "catch_sigint_signal:false";
    private const double BoundTolerance = 1e-6;
    private readonly PlacementModel model;
    private readonly CpModel sat = new();
    private readonly IntVar[] offsets;
    private readonly IntVar arena;
    private readonly long[] start;
    private readonly long[] end;

    private ArenaSolver(PlacementModel model, long bound, long[] hint)
    {
        this.model = model;
        long limit = model.Arena(hint);
        start = Array.ConvertAll(model.First, step => 2L * step);
        end = Array.ConvertAll(model.Last, step => (2L * step) + 2);
        arena = sat.NewIntVar(bound, limit, "arena");
        offsets = [.. Enumerable.Range(0, model.Count).Select(i => NewOffset(i, limit, hint[i]))];
        sat.AddHint(arena, limit);
        CutRulePairs();
        AddRectangles();
        AddChoices(hint);
        sat.Minimize(arena);
    }

    /// <summary>Improves a placement, or proves how good it is.</summary>
    public static SolverResult Solve(
        PlacementModel model, long bound, long[] hint, PlannerOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return new ArenaSolver(model, bound, hint).Run(bound, options, cancellation);
    }

    private SolverResult Run(long bound, PlannerOptions options, CancellationToken cancellation)
    {
        using var solver = new CpSolver
        {
            StringParameters = string.Create(
                CultureInfo.InvariantCulture,
                $"num_workers:1 random_seed:{options.Seed} max_deterministic_time:{options.DeterministicTimeLimit:R} {Tuning} {Signals}"),
        };
        using CancellationTokenRegistration registration = cancellation.Register(solver.StopSearch);
        CpSolverStatus status = solver.Solve(sat);
        cancellation.ThrowIfCancellationRequested();
        if (status is CpSolverStatus.Infeasible or CpSolverStatus.ModelInvalid)
        {
            throw new InvalidOperationException($"CP-SAT answered {status} to a problem with a known solution.");
        }

        long[]? found = status == CpSolverStatus.Unknown ? null : Array.ConvertAll(offsets, offset => solver.Value(offset));
        long proven = Math.Max(bound, (long)Math.Ceiling(solver.BestObjectiveBound - BoundTolerance));
        return new SolverResult(found, proven, status != CpSolverStatus.Optimal, solver.Response?.DeterministicTime ?? 0);
    }

    private IntVar NewOffset(int buffer, long limit, long hint)
    {
        long alignment = model.Alignment[buffer];
        IntVar multiple = sat.NewIntVar(0, (limit - model.Size[buffer]) / alignment, $"o{buffer}");
        sat.AddHint(multiple, hint / alignment);
        if (alignment == 1)
        {
            sat.Add(multiple + model.Size[buffer] <= arena);
            return multiple;
        }

        IntVar offset = sat.NewIntVar(0, limit - model.Size[buffer], $"a{buffer}");
        sat.AddHint(offset, hint);
        sat.Add(offset == multiple * alignment);
        sat.Add(offset + model.Size[buffer] <= arena);
        return offset;
    }

    private void CutRulePairs()
    {
        foreach (RulePair rule in model.Rules)
        {
            end[rule.Input] = (2L * model.Last[rule.Input]) + 1;
            start[rule.Output] = (2L * model.First[rule.Output]) + 1;
        }
    }

    private void AddRectangles()
    {
        NoOverlap2dConstraint plane = sat.AddNoOverlap2D();
        for (int i = 0; i < model.Count; i++)
        {
            // Both ends of a one-step buffer may be cut off: then all its pairs are choices.
            if (start[i] < end[i])
            {
                plane.AddRectangle(
                    sat.NewFixedSizeIntervalVar(start[i], end[i] - start[i], $"t{i}"),
                    sat.NewFixedSizeIntervalVar(offsets[i], model.Size[i], $"y{i}"));
            }
        }
    }

    private void AddChoices(long[] hint)
    {
        for (int a = 0; a < model.Count; a++)
        {
            foreach (Relation relation in model.Relations[a])
            {
                int b = relation.Other;
                if (a < b && !(Math.Max(start[a], start[b]) < Math.Min(end[a], end[b])))
                {
                    BoolVar above = sat.NewBoolVar($"b{a}_{b}");
                    sat.Add(offsets[a] - offsets[b] >= relation.Above).OnlyEnforceIf(above);
                    sat.Add(offsets[b] - offsets[a] >= relation.Below).OnlyEnforceIf(above.Not());
                    sat.AddHint(above, hint[a] - hint[b] >= relation.Above);
                }
            }
        }
    }
}
