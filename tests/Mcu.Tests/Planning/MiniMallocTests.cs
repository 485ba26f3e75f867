using Mcu.Generator.Planning;
using static Mcu.Tests.Planning.PlanningCases;

namespace Mcu.Tests.Planning;

/// <summary>The public MiniMalloc challenges: hundreds of buffers that fit 1 MiB with nothing to spare.</summary>
public sealed class MiniMallocTests(ITestOutputHelper output)
{
    private const int Capacity = 1 << 20;

    [Theory]
    [InlineData("A")]
    [InlineData("B")]
    [InlineData("C")]
    [InlineData("E")]
    public void A_challenge_fits_its_capacity_and_is_proven_optimal(string name)
    {
        PlanProblem problem = MiniMalloc(TestData.Shared($"minimalloc/{name}.1048576.csv"));
        MemoryPlan plan = Plan(problem, solver: false);
        PlanVerifier.Verify(problem, plan);
        output.WriteLine($"| {name} | {problem.Buffers.Length} | {plan.ArenaBytes} | {plan.Proof.Method} |");
        Assert.True(plan.ArenaBytes <= Capacity, plan.Proof.Method);
        Assert.True(plan.Proof.Optimal, plan.Proof.Method);
    }
}
