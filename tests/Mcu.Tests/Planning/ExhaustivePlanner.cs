using Mcu.Generator.Planning;

namespace Mcu.Tests.Planning;

/// <summary>Tries every placement: the second implementation that says what the least arena is.</summary>
internal static class ExhaustivePlanner
{
    public static int LeastArena(PlanProblem problem)
    {
        int arena = 0;
        while (!Fits(problem, new int[problem.Buffers.Length], 0, arena))
        {
            arena++;
        }

        return arena;
    }

    private static bool Fits(PlanProblem problem, int[] offsets, int next, int arena)
    {
        if (next == offsets.Length)
        {
            return true;
        }

        BufferRequest buffer = problem.Buffers[next];
        for (int offset = 0; offset + buffer.Bytes <= arena; offset += buffer.Alignment)
        {
            offsets[next] = offset;
            bool agrees = Enumerable.Range(0, next).All(other =>
                Agree(problem, buffer, offset, problem.Buffers[other], offsets[other]));
            if (agrees && Fits(problem, offsets, next + 1, arena))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Agree(PlanProblem problem, BufferRequest a, int offsetA, BufferRequest b, int offsetB)
    {
        // By bytes and steps, one at a time.
        bool shareByte = Enumerable.Range(offsetA, a.Bytes).Intersect(Enumerable.Range(offsetB, b.Bytes)).Any();
        int[] steps = [.. Steps(a).Intersect(Steps(b))];
        return !shareByte || steps.Length == 0
            || problem.Overlaps.Any(rule => rule.Input == a.Name && rule.Output == b.Name && Permits(rule, a, b, steps, offsetA - offsetB))
            || problem.Overlaps.Any(rule => rule.Input == b.Name && rule.Output == a.Name && Permits(rule, b, a, steps, offsetB - offsetA));
    }

    private static bool Permits(OverlapRule rule, BufferRequest input, BufferRequest output, int[] steps, int distance) =>
        steps.SequenceEqual([input.LastStep])
        && output.FirstStep == input.LastStep
        && (rule.Exact ? distance == rule.MinDistance : distance >= rule.MinDistance);

    private static IEnumerable<int> Steps(BufferRequest buffer) =>
        Enumerable.Range(buffer.FirstStep, buffer.LastStep - buffer.FirstStep + 1);
}
