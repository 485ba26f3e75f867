using System.Globalization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Planning;

/// <summary>
/// Checks a plan in bytes against the meaning of its problem, sharing no code with the planner.
/// </summary>
public static class PlanVerifier
{
    /// <summary>
    /// Throws <see cref="DiagnosticException"/>: MCU0810 (missing or foreign buffer), MCU0811 (misaligned), MCU0812
    /// (outside the arena), MCU0813 (two live buffers share memory), MCU0814 (the proof contradicts the plan).
    /// </summary>
    public static void Verify(PlanProblem problem, MemoryPlan plan)
    {
        ProblemChecker.Check(problem);
        if (problem.Buffers.Length != plan.Offsets.Count)
        {
            throw Fault("MCU0810", $"The plan has {plan.Offsets.Count} offsets for {problem.Buffers.Length} buffers.", "");
        }

        foreach (BufferRequest buffer in problem.Buffers)
        {
            CheckPlace(buffer, plan);
        }

        for (int i = 0; i < problem.Buffers.Length; i++)
        {
            for (int j = i + 1; j < problem.Buffers.Length; j++)
            {
                CheckPair(problem, plan, problem.Buffers[i], problem.Buffers[j]);
            }
        }

        PlanProof proof = plan.Proof;
        if (proof.LowerBound < 0 || proof.LowerBound > plan.ArenaBytes || proof.Optimal != (proof.LowerBound == plan.ArenaBytes))
        {
            throw Fault("MCU0814", $"The plan of {plan.ArenaBytes} bytes contradicts its bound of {proof.LowerBound} bytes.", "");
        }
    }

    private static void CheckPlace(BufferRequest buffer, MemoryPlan plan)
    {
        if (!plan.Offsets.TryGetValue(buffer.Name, out int offset))
        {
            throw Fault("MCU0810", $"The plan has no offset for a buffer.", buffer.Name);
        }

        if (offset < 0 || (long)offset + buffer.Bytes > plan.ArenaBytes)
        {
            throw Fault("MCU0812", $"Bytes {offset} to {(long)offset + buffer.Bytes} are outside the arena of {plan.ArenaBytes} bytes.", buffer.Name);
        }

        if ((offset & (buffer.Alignment - 1)) != 0)
        {
            throw Fault("MCU0811", $"Offset {offset} is not a multiple of {buffer.Alignment}.", buffer.Name);
        }
    }

    private static void CheckPair(PlanProblem problem, MemoryPlan plan, BufferRequest a, BufferRequest b)
    {
        bool liveTogether = Math.Max(a.FirstStep, b.FirstStep) <= Math.Min(a.LastStep, b.LastStep);
        long startA = plan.Offsets[a.Name];
        long startB = plan.Offsets[b.Name];
        bool shareMemory = Math.Max(startA, startB) < Math.Min(startA + a.Bytes, startB + b.Bytes);
        if (liveTogether && shareMemory && !Permitted(problem, plan, a, b) && !Permitted(problem, plan, b, a))
        {
            throw Fault("MCU0813", $"Two live buffers share memory: {startA}+{a.Bytes} and {startB}+{b.Bytes}.", a.Name + ", " + b.Name);
        }
    }

    private static bool Permitted(PlanProblem problem, MemoryPlan plan, BufferRequest input, BufferRequest output)
    {
        if (input.LastStep != output.FirstStep)
        {
            return false;
        }

        foreach (OverlapRule rule in problem.Overlaps)
        {
            if (string.Equals(rule.Input, input.Name, StringComparison.Ordinal)
                && string.Equals(rule.Output, output.Name, StringComparison.Ordinal))
            {
                long distance = (long)plan.Offsets[input.Name] - plan.Offsets[output.Name];
                return rule.Exact ? distance == rule.MinDistance : distance >= rule.MinDistance;
            }
        }

        return false;
    }

    private static DiagnosticException Fault(string code, FormattableString message, string place) =>
        new(code, message.ToString(CultureInfo.InvariantCulture), place, "This is a defect of the planner: please report it.");
}
