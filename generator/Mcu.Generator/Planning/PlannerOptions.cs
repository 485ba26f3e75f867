namespace Mcu.Generator.Planning;

/// <summary>Limits of the planner; equal options give equal plans on every machine.</summary>
public sealed record PlannerOptions
{
    /// <summary>The planner's usual limits.</summary>
    public static PlannerOptions Default { get; } = new();

    /// <summary>
    /// Work that the solver may spend, in its machine-independent unit, which is near a second on a fast machine.
    /// </summary>
    public double DeterministicTimeLimit { get; init; } = 1.0;

    /// <summary>Whether the exact solver may be used where the found plan is not provably optimal.</summary>
    public bool UseSolver { get; init; } = true;

    /// <summary>Seed of the restarts of the search and of the solver.</summary>
    public int Seed { get; init; } = 1;
}
