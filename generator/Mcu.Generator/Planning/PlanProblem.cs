using Mcu.Generator.Graphs;

namespace Mcu.Generator.Planning;

/// <summary>A stretch of arena that must be kept over a range of steps.</summary>
/// <param name="Name">Unique name within the problem.</param>
/// <param name="Bytes">Size in bytes, at least 1.</param>
/// <param name="FirstStep">First step at which the bytes are in use.</param>
/// <param name="LastStep">Last step at which the bytes are in use, inclusive.</param>
/// <param name="Alignment">Power of two that divides the offset, in bytes.</param>
public sealed record BufferRequest(string Name, int Bytes, int FirstStep, int LastStep, int Alignment = 4);

/// <summary>
/// Permission to run a kernel in place. Where <paramref name="Input"/> dies at the step at which
/// <paramref name="Output"/> is born, the two may share memory if and only if
/// <c>offset(Input) - offset(Output) &gt;= MinDistance</c>; otherwise they are disjoint. A rule whose buffers do not
/// meet in this way permits nothing: a kernel may state it without knowing who else reads its input.
/// </summary>
/// <param name="Input">Name of the buffer that is read.</param>
/// <param name="Output">Name of the buffer that is written.</param>
/// <param name="MinDistance">Least distance in bytes; negative if the output may start above the input.</param>
/// <param name="Exact">Whether sharing needs exactly this distance: a kernel that walks by channel planes.</param>
public sealed record OverlapRule(string Input, string Output, int MinDistance, bool Exact = false);

/// <summary>All buffers of one schedule and the pairs that may share memory.</summary>
public sealed record PlanProblem(EquatableArray<BufferRequest> Buffers, EquatableArray<OverlapRule> Overlaps);
