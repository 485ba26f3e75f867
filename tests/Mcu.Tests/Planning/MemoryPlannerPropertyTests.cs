using CsCheck;
using Mcu.Generator.Planning;
using static Mcu.Tests.Planning.PlanningCases;

namespace Mcu.Tests.Planning;

public sealed class MemoryPlannerPropertyTests
{
    [Fact]
    public void Plans_are_valid_and_not_below_their_bound() => RandomProblems.Gen(24, 300, 1, 4, 16).Sample(
        problem => PlanVerifier.Verify(problem, Plan(problem, solver: false)), iter: 150, threads: 1);

    [Fact]
    public void Solved_plans_are_valid_and_no_larger_than_plans_without_the_solver() => RandomProblems.Gen(14, 300, 4, 8).Sample(
        problem =>
        {
            MemoryPlan plan = Plan(problem, limit: 0.05);
            PlanVerifier.Verify(problem, plan);
            MemoryPlan without = Plan(problem, solver: false);
            Assert.True(plan.ArenaBytes <= without.ArenaBytes);
            Assert.True(plan.Proof.LowerBound >= without.Proof.LowerBound);
        },
        iter: 20,
        threads: 1);

    [Fact]
    public void The_same_problem_gives_the_same_plan() => RandomProblems.Gen(16, 300, 4, 8).Sample(
        problem =>
        {
            MemoryPlan first = Plan(problem, limit: 0.05);
            MemoryPlan second = Plan(problem, limit: 0.05);
            Assert.Equal(first.Offsets, second.Offsets);
            Assert.Equal(first.Proof, second.Proof);
        },
        iter: 12,
        threads: 1);

    [Fact]
    public void On_small_problems_the_arena_is_the_least_that_exists() => RandomProblems.Gen(4, 6, 1, 2).Sample(
        problem =>
        {
            MemoryPlan plan = Plan(problem);
            PlanVerifier.Verify(problem, plan);
            Assert.True(plan.Proof.Optimal, plan.Proof.Method);
            int unit = problem.Buffers.Select(buffer => buffer.Alignment).DefaultIfEmpty(1).Min();
            int least = ExhaustivePlanner.LeastArena(problem);
            Assert.Equal((least + unit - 1) / unit * unit, plan.ArenaBytes);
        },
        iter: 120,
        threads: 1);
}
