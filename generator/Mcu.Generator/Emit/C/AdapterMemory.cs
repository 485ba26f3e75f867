using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Planning;

namespace Mcu.Generator.Emit.C;

/// <summary>RAM that adapters cost: arenas of the base alone and of the base with one adapter.</summary>
/// <param name="BaseArenaBytes">Arena of the base without any adapter.</param>
/// <param name="PerAdapter">Of each adapter: how much larger the arena of base and this adapter alone is.</param>
/// <param name="ScratchPerAdapter">Of each adapter: scratch memory over the base in the layer with the most of it.</param>
public sealed record AdapterMemory(int BaseArenaBytes, EquatableArray<int> PerAdapter, EquatableArray<int> ScratchPerAdapter)
{
    /// <summary>Plans again only where an adapter changes what is planned, that is, the scratch memory of a layer.</summary>
    public static AdapterMemory Of(CProgram program, PlannerOptions options, CancellationToken cancellation)
    {
        if (program.Model.Adapters.Length == 0)
        {
            return new AdapterMemory(program.ArenaBytes, [], []);
        }

        var arenas = new Dictionary<PlanProblem, int> { [program.Problem] = program.OwnArenaBytes };
        PlanProblem baseAlone = ProblemOf(program, []);
        PlanProblem[] problems = [.. program.Model.Adapters.Select(a => ProblemOf(program, [a]))];
        int arena = ArenaOf(baseAlone, arenas, options, cancellation);
        return new AdapterMemory(
            arena,
            problems.Select((p, i) => Math.Max(0, (program.Programs[i]?.OwnArenaBytes ?? ArenaOf(p, arenas, options, cancellation)) - arena)).ToEquatableArray(),
            problems.Select(p => LargestGrowth(baseAlone, p)).ToEquatableArray());
    }

    private static PlanProblem ProblemOf(CProgram program, EquatableArray<Int8Adapter> adapters) =>
        CProgramBuilder.Problem(program.Model with { Adapters = adapters }, program.Kernels, program.Deltas);

    private static int ArenaOf(PlanProblem problem, Dictionary<PlanProblem, int> known, PlannerOptions options, CancellationToken cancellation)
    {
        if (!known.TryGetValue(problem, out int bytes))
        {
            bytes = CProgram.InWords(MemoryPlanner.Plan(problem, options, new DiagnosticBag(), cancellation).ArenaBytes);
            known[problem] = bytes;
        }

        return bytes;
    }

    private static int LargestGrowth(PlanProblem before, PlanProblem after)
    {
        Dictionary<string, int> sizes = before.Buffers.ToDictionary(b => b.Name, b => b.Bytes, StringComparer.Ordinal);
        return after.Buffers.Max(b => b.Bytes - sizes.GetValueOrDefault(b.Name));
    }
}
