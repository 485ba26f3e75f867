using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Planning;
using static Mcu.Tests.Planning.PlanningCases;

namespace Mcu.Tests.Planning;

/// <summary>Each fault that a planner could make, put into a plan by hand, is found.</summary>
public sealed class PlanVerifierTests
{
    private static readonly PlanProblem Sum = Problem(
        [new("a", 64, 0, 2), new("b", 64, 1, 2), new("sum", 64, 2, 3), new("tail", 32, 3, 3, 16)],
        new OverlapRule("a", "sum", 8));

    private static readonly PlanProblem Planes = Problem(
        [new("in", 64, 0, 1), new("out", 64, 1, 2)], new OverlapRule("in", "out", 0, Exact: true));

    [Fact]
    public void A_plan_made_by_hand_is_accepted() => Verify(Sum, 200, ("a", 8), ("b", 136), ("sum", 0), ("tail", 64));

    [Theory]
    [InlineData("MCU0813", 8, 136, 4, 80)] // the input is 4 above the output; the rule asks for 8
    [InlineData("MCU0813", 8, 132, 72, 0)] // sum on b, without a rule
    [InlineData("MCU0813", 8, 68, 136, 0)] // a on b
    [InlineData("MCU0813", 8, 136, 0, 48)] // tail on sum
    [InlineData("MCU0811", 8, 136, 0, 72)] // tail needs 16
    [InlineData("MCU0811", 10, 136, 0, 64)]
    [InlineData("MCU0812", 8, 140, 0, 64)] // b ends at 204
    [InlineData("MCU0812", -4, 136, 72, 64)]
    [InlineData("MCU0812", 8, int.MaxValue - 3, 0, 64)]
    public void A_fault_in_an_offset_is_found(string code, int a, int b, int sum, int tail) =>
        AssertFault(code, () => Verify(Sum, 200, ("a", a), ("b", b), ("sum", sum), ("tail", tail)));

    [Fact]
    public void A_missing_and_a_foreign_buffer_are_found()
    {
        AssertFault("MCU0810", () => Verify(Sum, 200, ("a", 8), ("b", 136), ("sum", 0)));
        AssertFault("MCU0810", () => Verify(Sum, 200, ("a", 8), ("b", 136), ("sum", 0), ("tail", 64), ("x", 0)));
        AssertFault("MCU0810", () => Verify(Sum, 200, ("a", 8), ("b", 136), ("sum", 0), ("x", 64)));
    }

    [Fact]
    public void An_exact_rule_permits_its_distance_alone()
    {
        Verify(Planes, 64, ("in", 0), ("out", 0));
        Verify(Planes, 128, ("in", 64), ("out", 0));
        AssertFault("MCU0813", () => Verify(Planes, 68, ("in", 4), ("out", 0)));
        AssertFault("MCU0813", () => Verify(Planes, 68, ("in", 0), ("out", 4)));
    }

    [Fact]
    public void A_rule_does_not_excuse_an_input_that_lives_on() =>
        AssertFault("MCU0813", () => Verify(
            Problem([new("in", 8, 0, 2), new("out", 8, 1, 2)], new OverlapRule("in", "out", 0)), 8, ("in", 0), ("out", 0)));

    [Theory]
    [InlineData(204, false)] // above the arena
    [InlineData(-1, false)]
    [InlineData(200, false)] // reached, but said not to be
    [InlineData(196, true)] // not reached, but said to be
    public void A_proof_that_contradicts_the_plan_is_found(int bound, bool optimal) => AssertFault("MCU0814", () =>
        PlanVerifier.Verify(Sum, Plan(200, [("a", 8), ("b", 136), ("sum", 0), ("tail", 64)]) with
        {
            Proof = new PlanProof(bound, optimal, "", false, 0),
        }));

    private static void Verify(PlanProblem problem, int arena, params (string Name, int Offset)[] offsets) =>
        PlanVerifier.Verify(problem, Plan(arena, offsets));

    private static MemoryPlan Plan(int arena, (string Name, int Offset)[] offsets) => new(
        offsets.ToImmutableSortedDictionary(pair => pair.Name, pair => pair.Offset, StringComparer.Ordinal),
        arena,
        new PlanProof(0, false, "", false, 0));

    private static void AssertFault(string code, Action verify) =>
        Assert.Equal(code, Assert.Throws<DiagnosticException>(verify).Diagnostic.Code);
}
