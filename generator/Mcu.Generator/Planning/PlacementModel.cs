namespace Mcu.Generator.Planning;

/// <summary>
/// What one neighbour asks of a buffer's offset:
/// <c>offset - other &gt;= Above</c> or <c>other - offset &gt;= Below</c>.
/// </summary>
internal readonly record struct Relation(int Other, long Above, long Below)
{
    /// <summary>Whether the two demands cover every distance, so that the pair is free.</summary>
    public bool IsFree => Above + Below <= 1;
}

/// <summary>Two buffers, by index, of which the input may share memory with the output from this distance on.</summary>
internal readonly record struct RulePair(int Input, int Output, long MinDistance, bool Exact);

/// <summary>
/// The problem in units of the smallest alignment. As every offset is a multiple of that unit, rounding sizes and
/// distances up to whole units loses no plan. A bigger alignment is a multiple in units.
/// </summary>
internal sealed class PlacementModel
{
    private PlacementModel(PlanProblem problem)
    {
        BufferRequest[] buffers = problem.Buffers.ToArray();
        Unit = buffers.Length == 0 ? 1 : buffers.Min(b => b.Alignment);
        First = Array.ConvertAll(buffers, b => b.FirstStep);
        Last = Array.ConvertAll(buffers, b => b.LastStep);
        Size = Array.ConvertAll(buffers, b => CeilingDivide(b.Bytes, Unit));
        Alignment = Array.ConvertAll(buffers, b => (long)(b.Alignment / Unit));
        Rules = MeetingRules(problem, buffers);
        Relations = BuildRelations();
    }

    /// <summary>Bytes of one unit.</summary>
    public int Unit { get; }

    public int Count => Size.Length;

    public int[] First { get; }

    public int[] Last { get; }

    /// <summary>Sizes in units.</summary>
    public long[] Size { get; }

    /// <summary>Alignments in units, powers of two.</summary>
    public long[] Alignment { get; }

    /// <summary>The rules whose pair meets at one step; the others permit nothing.</summary>
    public RulePair[] Rules { get; }

    /// <summary>Per buffer, what every buffer that shares a step with it asks.</summary>
    public Relation[][] Relations { get; }

    public static PlacementModel Build(PlanProblem problem) => new(problem);

    public bool SharesStep(int a, int b) => First[a] <= Last[b] && First[b] <= Last[a];

    /// <summary>Size of the smallest arena that holds these offsets, in units.</summary>
    public long Arena(long[] offsets)
    {
        long arena = 0;
        for (int i = 0; i < Count; i++)
        {
            arena = Math.Max(arena, offsets[i] + Size[i]);
        }

        return arena;
    }

    private static long CeilingDivide(long value, long divisor) =>
        (value / divisor) + (value % divisor > 0 ? 1 : 0);

    private RulePair[] MeetingRules(PlanProblem problem, BufferRequest[] buffers)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < buffers.Length; i++)
        {
            index.Add(buffers[i].Name, i);
        }

        return [.. problem.Overlaps
            .Where(rule => !rule.Exact || rule.MinDistance % Unit == 0)
            .Select(rule => new RulePair(index[rule.Input], index[rule.Output], CeilingDivide(rule.MinDistance, Unit), rule.Exact))
            .Where(rule => Last[rule.Input] == First[rule.Output])];
    }

    private Relation[][] BuildRelations()
    {
        var distances = Rules.ToDictionary(rule => (rule.Input, rule.Output), rule => rule.MinDistance);
        var relations = new List<Relation>[Count];
        for (int i = 0; i < Count; i++)
        {
            relations[i] = [];
        }

        for (int a = 0; a < Count; a++)
        {
            for (int b = a + 1; b < Count; b++)
            {
                if (SharesStep(a, b))
                {
                    AddPair(relations, distances, a, b);
                }
            }
        }

        foreach (RulePair rule in Rules.Where(rule => rule.Exact))
        {
            AddUpperEnd(relations, rule);
        }

        return Array.ConvertAll(relations, list => list.ToArray());
    }

    /// <summary>An exact distance is a least one that is also the largest below disjointness.</summary>
    private void AddUpperEnd(List<Relation>[] relations, RulePair rule)
    {
        var relation = new Relation(rule.Output, Size[rule.Output], -rule.MinDistance);
        if (!relation.IsFree)
        {
            relations[rule.Input].Add(relation);
            relations[rule.Output].Add(new Relation(rule.Input, -rule.MinDistance, Size[rule.Output]));
        }
    }

    private void AddPair(List<Relation>[] relations, Dictionary<(int Input, int Output), long> distances, int a, int b)
    {
        // From the output's end on, the input above it is disjoint whatever the rule asks.
        long above = distances.TryGetValue((a, b), out long inputIsA) ? Math.Min(inputIsA, Size[b]) : Size[b];
        long below = distances.TryGetValue((b, a), out long inputIsB) ? Math.Min(inputIsB, Size[a]) : Size[a];
        var relation = new Relation(b, above, below);
        if (!relation.IsFree)
        {
            relations[a].Add(relation);
            relations[b].Add(new Relation(a, below, above));
        }
    }
}
