using System.Globalization;
using Mcu.Generator.Graphs;
using Mcu.Generator.Planning;

namespace Mcu.Tests.Planning;

/// <summary>Short forms in which the tests write problems.</summary>
internal static class PlanningCases
{
    public static PlanProblem Problem(IEnumerable<BufferRequest> buffers, params OverlapRule[] rules) =>
        new(buffers.ToEquatableArray(), rules.ToEquatableArray());

    public static MemoryPlan Plan(PlanProblem problem, bool solver = true, double limit = 2) =>
        MemoryPlanner.Plan(
            problem, new PlannerOptions { UseSolver = solver, DeterministicTimeLimit = limit }, TestContext.Current.CancellationToken);

    /// <summary>A problem of the MiniMalloc set: <c>id,lower,upper,size</c> with half-open intervals.</summary>
    public static PlanProblem MiniMalloc(string path) => Problem(File.ReadLines(path)
        .Skip(1)
        .Select(line => line.Split(','))
        .Select(f => new BufferRequest(f[0], Number(f[3]), Number(f[1]), Number(f[2]) - 1, 1)));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
