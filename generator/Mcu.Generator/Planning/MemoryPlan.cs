using System.Collections.Immutable;

namespace Mcu.Generator.Planning;

/// <summary>How good a plan is known to be.</summary>
/// <param name="LowerBound">No plan of this problem has a smaller arena, in bytes.</param>
/// <param name="Optimal">The arena equals the bound.</param>
/// <param name="Method">The statement for people: how the bound was proven, or how wide the gap is.</param>
/// <param name="LimitReached">The solver stopped at its deterministic limit.</param>
/// <param name="DeterministicTime">Work the solver did, in its own machine-independent unit; 0 if it was not needed.</param>
public sealed record PlanProof(int LowerBound, bool Optimal, string Method, bool LimitReached, double DeterministicTime);

/// <summary>An offset for every buffer.</summary>
/// <param name="Offsets">Offset in bytes from the arena's start, by buffer name, in ordinal order.</param>
/// <param name="ArenaBytes">Size of the arena; a multiple of the smallest alignment in the problem.</param>
/// <param name="Proof">How good the plan is.</param>
public sealed record MemoryPlan(ImmutableSortedDictionary<string, int> Offsets, int ArenaBytes, PlanProof Proof);
