using System.Text.Json.Serialization;
using Mcu.Generator.Graphs;
using Mcu.Generator.Planning;

namespace Mcu.Generator.Report;

/// <summary>The arena over the schedule.</summary>
public sealed record PlanReport
{
    public required int ArenaBytes { get; init; }

    /// <summary>No plan of these buffers needs fewer bytes.</summary>
    public required int LowerBound { get; init; }

    /// <summary>Whether the arena is proven to be the smallest.</summary>
    public required bool Optimal { get; init; }

    /// <summary>How that is known, or how wide the gap is.</summary>
    public required string Proof { get; init; }

    [JsonConverter(typeof(EquatableArrayConverter<PlannedBuffer>))]
    public required EquatableArray<PlannedBuffer> Buffers { get; init; }

    /// <summary>Pairs that do share memory at the step at which one dies and the other is born.</summary>
    [JsonConverter(typeof(EquatableArrayConverter<InPlacePair>))]
    public required EquatableArray<InPlacePair> InPlace { get; init; }

    /// <summary>Puts a plan beside its problem; <paramref name="isScratch"/> answers by buffer name.</summary>
    public static PlanReport From(PlanProblem problem, MemoryPlan plan, Func<string, bool> isScratch)
    {
        var buffers = problem.Buffers.ToDictionary(
            buffer => buffer.Name,
            buffer => new PlannedBuffer(
                buffer.Name,
                isScratch(buffer.Name) ? BufferKind.Scratch : BufferKind.Tensor,
                plan.Offsets[buffer.Name],
                buffer.Bytes,
                buffer.FirstStep,
                buffer.LastStep),
            StringComparer.Ordinal);
        return new PlanReport
        {
            ArenaBytes = plan.ArenaBytes,
            LowerBound = plan.Proof.LowerBound,
            Optimal = plan.Proof.Optimal,
            Proof = plan.Proof.Method,
            Buffers = problem.Buffers.Select(buffer => buffers[buffer.Name]).ToEquatableArray(),
            InPlace = problem.Overlaps
                .Where(rule => InPlacePair.Shares(buffers[rule.Input], buffers[rule.Output]))
                .Select(rule => new InPlacePair(rule.Input, rule.Output, buffers[rule.Output].FirstStep))
                .ToEquatableArray(),
        };
    }
}

/// <summary>What a buffer holds.</summary>
public enum BufferKind
{
    [JsonStringEnumMemberName("tensor")]
    Tensor,

    [JsonStringEnumMemberName("scratch")]
    Scratch,
}

/// <summary>A buffer with its place; steps are inclusive.</summary>
public sealed record PlannedBuffer(string Name, BufferKind Kind, int Offset, int Bytes, int FirstStep, int LastStep);

/// <summary>An input and an output that share memory at one step.</summary>
public sealed record InPlacePair(string Input, string Output, int Step)
{
    internal static bool Shares(PlannedBuffer input, PlannedBuffer output) =>
        input.LastStep == output.FirstStep
        && Math.Max(input.Offset, output.Offset) < Math.Min((long)input.Offset + input.Bytes, (long)output.Offset + output.Bytes);
}
