namespace Mcu.Generator.Planning;

/// <summary>Which of the free gaps a buffer takes.</summary>
internal enum GapChoice
{
    /// <summary>The lowest.</summary>
    First,

    /// <summary>The one that leaves the least room; the lowest of those.</summary>
    Best,
}

/// <summary>
/// Places buffers one by one at offsets that agree with all placed before. Each placed neighbour forbids an open
/// interval of offsets, so rules and ordinary conflicts are one case.
/// </summary>
internal sealed class Placer
{
    private const long Unplaced = -1;
    private readonly PlacementModel model;
    private readonly long[] lower;
    private readonly long[] upper;

    public Placer(PlacementModel model)
    {
        this.model = model;
        int most = model.Relations.Length == 0 ? 0 : model.Relations.Max(relations => relations.Length);
        lower = new long[most];
        upper = new long[most];
        Offsets = new long[model.Count];
    }

    /// <summary>Offsets of the last placement, in units.</summary>
    public long[] Offsets { get; }

    /// <summary>Places all buffers in this order and returns the arena, in units.</summary>
    public long Place(int[] order, GapChoice choice)
    {
        Array.Fill(Offsets, Unplaced);
        long arena = 0;
        foreach (int buffer in order)
        {
            Offsets[buffer] = Find(buffer, choice);
            arena = Math.Max(arena, Offsets[buffer] + model.Size[buffer]);
        }

        return arena;
    }

    private long Find(int buffer, GapChoice choice)
    {
        int count = CollectForbidden(buffer);
        Array.Sort(lower, upper, 0, count);
        long mask = model.Alignment[buffer] - 1;
        long cursor = 0;
        long best = Unplaced;
        long leastRoom = long.MaxValue;
        for (int i = 0; i < count; i++)
        {
            long room = lower[i] - cursor;
            if (room >= 0 && room < leastRoom)
            {
                best = cursor;
                leastRoom = room;
                if (choice == GapChoice.First)
                {
                    return best;
                }
            }

            cursor = (Math.Max(cursor, upper[i]) + mask) & ~mask;
        }

        return best == Unplaced ? cursor : best;
    }

    private int CollectForbidden(int buffer)
    {
        int count = 0;
        foreach (Relation relation in model.Relations[buffer])
        {
            long other = Offsets[relation.Other];
            if (other != Unplaced)
            {
                lower[count] = other - relation.Below;
                upper[count] = other + relation.Above;
                count++;
            }
        }

        return count;
    }
}
