using CsCheck;
using Mcu.Generator.Graphs;
using Mcu.Generator.Planning;

namespace Mcu.Tests.Planning;

/// <summary>Random problems; CsCheck prints the seed of a failure.</summary>
internal static class RandomProblems
{
    /// <param name="most">Most buffers.</param>
    /// <param name="bytes">Largest buffer.</param>
    /// <param name="alignments">Alignments to draw from.</param>
    public static Gen<PlanProblem> Gen(int most, int bytes, params int[] alignments)
    {
        Gen<(int Bytes, int First, int Length, int Alignment)> buffer = CsCheck.Gen.Select(
            CsCheck.Gen.Int[1, bytes], CsCheck.Gen.Int[0, most], CsCheck.Gen.Int[0, 3], CsCheck.Gen.Int[0, alignments.Length - 1].Select(i => alignments[i]));
        Gen<(int Kind, int Distance)> rule = CsCheck.Gen.Select(CsCheck.Gen.Int[0, 5], CsCheck.Gen.Int[-bytes, bytes]);
        return CsCheck.Gen.Select(buffer.Array[0, most], rule.Array[most * most]).Select(draw => Build(draw.Item1, draw.Item2));
    }

    private static PlanProblem Build((int Bytes, int First, int Length, int Alignment)[] draws, (int Kind, int Distance)[] rules)
    {
        BufferRequest[] buffers = [.. draws.Select((draw, i) =>
            new BufferRequest($"b{i}", draw.Bytes, draw.First, draw.First + draw.Length, draw.Alignment))];
        var overlaps = new List<OverlapRule>();
        for (int i = 0; i < buffers.Length; i++)
        {
            for (int j = 0; j < buffers.Length; j++)
            {
                // Most pairs that can have a rule get one; a few get one that does not apply.
                bool meets = buffers[i].LastStep == buffers[j].FirstStep;
                (int kind, int distance) = rules[(i * buffers.Length) + j];
                bool isFirst = i != j && !overlaps.Exists(rule => rule.Input == buffers[j].Name && rule.Output == buffers[i].Name);
                if (isFirst && (meets ? kind > 1 : kind == 0 && distance == 0))
                {
                    overlaps.Add(new OverlapRule(buffers[i].Name, buffers[j].Name, kind == 2 ? distance : 0, kind == 3));
                }
            }
        }

        return new PlanProblem(buffers.ToEquatableArray(), overlaps.ToEquatableArray());
    }
}
