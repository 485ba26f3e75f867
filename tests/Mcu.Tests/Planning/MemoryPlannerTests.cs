using System.Globalization;
using System.Runtime.InteropServices;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Planning;
using static Mcu.Tests.Planning.PlanningCases;

namespace Mcu.Tests.Planning;

public sealed class MemoryPlannerTests
{
    [Fact]
    public void A_chain_needs_the_largest_pair_of_neighbours()
    {
        // Live together: 100+200, 200+60, 60+40 bytes.
        PlanProblem problem = Problem(
            [new("a", 100, 0, 1), new("b", 200, 1, 2), new("c", 60, 2, 3), new("d", 40, 3, 4)]);
        MemoryPlan plan = Plan(problem);
        PlanVerifier.Verify(problem, plan);
        Assert.Equal(300, plan.ArenaBytes);
        Assert.Equal("optimal (bound = 300, greedy = bound)", plan.Proof.Method);
        Assert.Equal(["a", "b", "c", "d"], plan.Offsets.Keys);
    }

    [Theory]
    [InlineData(100, 100, 0, 100)] // element-wise
    [InlineData(100, 100, 20, 120)] // the output runs 20 bytes ahead of the input
    [InlineData(100, 140, 0, 140)]
    [InlineData(100, 140, 40, 140)] // the input lies at the output's end
    [InlineData(100, 140, 60, 160)]
    [InlineData(140, 100, 0, 140)]
    [InlineData(140, 100, -40, 140)]
    [InlineData(140, 100, 40, 180)]
    [InlineData(140, 100, 100, 240)] // the rule asks for as much as being disjoint
    [InlineData(140, 100, 5000, 240)] // being disjoint is always allowed
    [InlineData(140, 100, -5000, 140)]
    [InlineData(100, 100, 1, 104)] // offsets are multiples of 4
    [InlineData(100, 100, -3, 100)]
    public void A_pair_in_place_needs_its_least_joint_extent(int input, int output, int distance, int arena)
    {
        PlanProblem problem = Problem(
            [new("in", input, 0, 1), new("out", output, 1, 2)], new OverlapRule("in", "out", distance));
        MemoryPlan plan = Plan(problem);
        PlanVerifier.Verify(problem, plan);
        Assert.Equal(arena, plan.ArenaBytes);
        Assert.True(plan.Proof.Optimal);
    }

    [Fact]
    public void A_rule_permits_nothing_while_the_input_is_still_needed()
    {
        PlanProblem problem = Problem(
            [new("in", 100, 0, 2), new("out", 100, 1, 2)], new OverlapRule("in", "out", 0));
        Assert.Equal(200, Plan(problem).ArenaBytes);
    }

    [Fact]
    public void Two_inputs_of_a_sum_share_with_one_output()
    {
        PlanProblem problem = Problem(
            [new("a", 64, 0, 2), new("b", 64, 1, 2), new("sum", 64, 2, 3)],
            new OverlapRule("a", "sum", 0),
            new OverlapRule("b", "sum", 0));
        MemoryPlan plan = Plan(problem);
        PlanVerifier.Verify(problem, plan);
        Assert.Equal(128, plan.ArenaBytes);
    }

    [Fact]
    public void A_chain_in_place_at_one_step_collapses_to_one_buffer()
    {
        // "m" is born and dies at step 1: output of one rule and input of the next.
        PlanProblem problem = Problem(
            [new("a", 64, 0, 1), new("m", 64, 1, 1), new("z", 64, 1, 2)],
            new OverlapRule("a", "m", 0),
            new OverlapRule("m", "z", 0),
            new OverlapRule("a", "z", 0));
        MemoryPlan plan = Plan(problem);
        PlanVerifier.Verify(problem, plan);
        Assert.Equal(64, plan.ArenaBytes);
    }

    [Fact]
    public void Alignments_are_kept_and_the_smallest_is_the_unit()
    {
        PlanProblem problem = Problem([new("a", 1, 0, 0, 16), new("b", 1, 0, 0, 16), new("c", 3, 0, 0, 2)]);
        MemoryPlan plan = Plan(problem);
        PlanVerifier.Verify(problem, plan);
        // One of the two 16-aligned bytes is at 16 or above; it ends a unit of 2 bytes.
        Assert.Equal(18, plan.ArenaBytes);
        Assert.Equal("optimal (CP-SAT proof)", plan.Proof.Method);
    }

    [Fact]
    public void An_empty_problem_has_an_empty_arena()
    {
        MemoryPlan plan = Plan(Problem([]));
        PlanVerifier.Verify(Problem([]), plan);
        Assert.Equal(0, plan.ArenaBytes);
    }

    [Fact]
    public void Without_the_solver_the_gap_is_stated()
    {
        PlanProblem problem = Problem([new("a", 1, 0, 0, 16), new("b", 1, 0, 0, 16), new("c", 3, 0, 0, 2)]);
        MemoryPlan plan = Plan(problem, solver: false);
        PlanVerifier.Verify(problem, plan);
        Assert.False(plan.Proof.Optimal);
        Assert.Equal("gap 125.0 % (bound 8, solver off)", plan.Proof.Method);
    }

    [Theory]
    [InlineData("MCU0821", 0, 0, 1, 4)]
    [InlineData("MCU0821", -5, 0, 1, 4)]
    [InlineData("MCU0822", 8, 0, 1, 12)]
    [InlineData("MCU0822", 8, 0, 1, 0)]
    [InlineData("MCU0822", 8, 0, 1, int.MinValue)]
    [InlineData("MCU0823", 8, 2, 1, 4)]
    [InlineData("MCU0823", 8, -1, 1, 4)]
    public void A_meaningless_buffer_is_named(string code, int bytes, int first, int last, int alignment)
    {
        PlanProblem problem = Problem([new("x", bytes, first, last, alignment)]);
        Diagnostic diagnostic = Assert.Throws<DiagnosticException>(() => Plan(problem)).Diagnostic;
        Assert.Equal((code, "x"), (diagnostic.Code, diagnostic.Location));
    }

    [Fact]
    public void Duplicate_names_are_an_error() =>
        AssertCode("MCU0824", Problem([new("x", 4, 0, 1), new("x", 4, 2, 3)]));

    [Fact]
    public void Rules_name_two_known_buffers_once()
    {
        BufferRequest[] buffers = [new("x", 4, 0, 1), new("y", 4, 1, 3)];
        AssertCode("MCU0825", Problem(buffers, new OverlapRule("x", "z", 0)));
        AssertCode("MCU0825", Problem(buffers, new OverlapRule("x", "x", 0)));
        AssertCode("MCU0825", Problem(buffers, new OverlapRule("x", "y", 0), new OverlapRule("x", "y", 4)));
        AssertCode("MCU0825", Problem(buffers, new OverlapRule("x", "y", 0), new OverlapRule("y", "x", 0)));
    }

    [Fact]
    public void More_than_2_GiB_is_an_error() =>
        AssertCode("MCU0826", Problem([new("x", int.MaxValue, 0, 1), new("y", int.MaxValue, 1, 3)]));

    [Fact]
    public void A_solver_that_is_at_work_stops_when_cancelled()
    {
        // Two alignments that waste space: the bound by steps is out of reach, so the solver has work for minutes.
        BufferRequest[] buffers = [.. Enumerable.Range(0, 60).Select(i =>
            new BufferRequest($"b{i}", 17 + (i * 37 % 101), i / 2, (i / 2) + 1 + (i % 5), i % 3 == 0 ? 64 : 4))];
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.ThrowsAny<OperationCanceledException>(() => MemoryPlanner.Plan(
            Problem(buffers), new PlannerOptions { DeterministicTimeLimit = 10_000 }, source.Token));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void The_solver_leaves_the_handler_of_Ctrl_C_in_place()
    {
        Assert.SkipUnless(File.Exists("/proc/self/status"), "needs /proc/self/status");
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => { });
        Assert.SkipUnless(CatchesInterrupts(), "interrupts are ignored where this runs, as in a shell's background job");
        PlanProblem problem = Problem(
            [new("a", 3, 0, 1, 1), new("b", 2, 1, 3, 1), new("c", 2, 0, 0, 1), new("d", 3, 2, 3, 1), new("e", 1, 3, 4, 1), new("f", 4, 4, 5, 1)]);
        long[] apart = [0, 3, 5, 7, 10, 11];

        ArenaSolver.Solve(PlacementModel.Build(problem), 1, apart, PlannerOptions.Default, TestContext.Current.CancellationToken);

        Assert.True(CatchesInterrupts());
    }

    private static bool CatchesInterrupts()
    {
        string caught = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigCgt:", StringComparison.Ordinal))["SigCgt:".Length..].Trim();
        return (ulong.Parse(caught, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << (2 - 1))) != 0;
    }

    [Fact]
    public void A_cancelled_plan_ends_with_the_cancellation()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => MemoryPlanner.Plan(Problem([new("x", 4, 0, 1)]), PlannerOptions.Default, source.Token));
    }

    private static void AssertCode(string code, PlanProblem problem) =>
        Assert.Equal(code, Assert.Throws<DiagnosticException>(() => Plan(problem)).Diagnostic.Code);
}
