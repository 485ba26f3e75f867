namespace Mcu.Generator.Planning;

/// <summary>Which slot is filled first among those that are equally low.</summary>
internal enum ValleyChoice
{
    /// <summary>The one with most still to be placed.</summary>
    Fullest,
    Earliest,
    Latest,
    Emptiest,
}

/// <summary>
/// The schedule cut into slots in which the same buffers are live, all of them disjoint: a pair with a rule is cut
/// apart in the middle of its step. Keeps the size that is still to be placed in each slot.
/// </summary>
internal sealed class SlotLoad
{
    private readonly PlacementModel model;
    private readonly int[] first;
    private readonly int[] last;
    private readonly long[] load;
    private readonly long[] bottom;

    public SlotLoad(PlacementModel model)
    {
        this.model = model;
        long[] start = Array.ConvertAll(model.First, step => 2L * step);
        long[] end = Array.ConvertAll(model.Last, step => (2L * step) + 1);
        foreach (RulePair rule in model.Rules)
        {
            end[rule.Input] = 2L * model.Last[rule.Input];
            start[rule.Output] = (2L * model.First[rule.Output]) + 1;
        }

        long[] times = [.. start.Distinct().Order()];
        first = Array.ConvertAll(start, time => Array.BinarySearch(times, time));
        last = Array.ConvertAll(end, time => LastAtOrBefore(times, time));
        load = new long[times.Length];
        bottom = new long[times.Length];
        Windows = Array.ConvertAll(model.Relations, relations => Array.FindAll(relations, relation => relation.Below <= 0));
        Reset();
    }

    /// <summary>Per buffer, the neighbours that it may share memory with although it lies at the same offset or higher.</summary>
    public Relation[][] Windows { get; }

    public void Reset()
    {
        Array.Clear(load);
        for (int i = 0; i < model.Count; i++)
        {
            Add(i, model.Size[i]);
        }
    }

    /// <summary>Adds to the size still to be placed in all slots of a buffer.</summary>
    public void Add(int buffer, long size)
    {
        for (int slot = first[buffer]; slot <= last[buffer]; slot++)
        {
            load[slot] += size;
        }
    }

    /// <summary>Whether in every slot the open buffers fit between the lowest of their offsets and the limit.</summary>
    public bool Fit(int[] open, long[] lowest, long limit)
    {
        for (int i = 0; i < open.Length; i++)
        {
            bottom.AsSpan(first[open[i]], Length(open[i])).Fill(long.MaxValue);
        }

        for (int i = 0; i < open.Length; i++)
        {
            foreach (ref long value in bottom.AsSpan(first[open[i]], Length(open[i])))
            {
                value = Math.Min(value, lowest[i]);
            }
        }

        for (int i = 0; i < open.Length; i++)
        {
            for (int slot = first[open[i]]; slot <= last[open[i]]; slot++)
            {
                if (bottom[slot] + load[slot] > limit)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>
    /// The open buffers that can lie at the bottom of the lowest slot; <paramref name="choice"/> says which of several such
    /// slots. Follows a call of <see cref="Fit"/>.
    /// </summary>
    public int[] Valley(int[] open, long[] lowest, ValleyChoice choice)
    {
        long bottomMost = lowest.Min();
        int chosen = -1;
        for (int i = 0; i < open.Length; i++)
        {
            for (int slot = first[open[i]]; slot <= last[open[i]]; slot++)
            {
                if (bottom[slot] == bottomMost && (chosen < 0 || IsBetter(slot, chosen, choice)))
                {
                    chosen = slot;
                }
            }
        }

        return [.. Enumerable.Range(0, open.Length)
            .Where(i => lowest[i] == bottomMost && (chosen < 0 || (first[open[i]] <= chosen && chosen <= last[open[i]])))
            .Select(i => open[i])];
    }

    /// <summary>The buffers in groups that share no step with each other, the fullest group first.</summary>
    public IEnumerable<int[]> Split(int[] open)
    {
        int[] byStart = [.. open.OrderBy(buffer => model.First[buffer])];
        var parts = new List<int[]>();
        int begin = 0;
        int end = -1;
        for (int i = 0; i < byStart.Length; i++)
        {
            if (i > begin && model.First[byStart[i]] > end)
            {
                parts.Add(byStart[begin..i]);
                begin = i;
            }

            end = Math.Max(end, model.Last[byStart[i]]);
        }

        if (begin < byStart.Length)
        {
            parts.Add(byStart[begin..]);
        }

        return parts.OrderByDescending(part => part.Length);
    }

    private static int LastAtOrBefore(long[] times, long time)
    {
        int index = Array.BinarySearch(times, time);
        return index >= 0 ? index : ~index - 1;
    }

    private bool IsBetter(int slot, int than, ValleyChoice choice) => choice switch
    {
        ValleyChoice.Earliest => slot < than,
        ValleyChoice.Latest => slot > than,
        ValleyChoice.Emptiest => load[slot] < load[than],
        _ => load[slot] > load[than],
    };

    private int Length(int buffer) => Math.Max(0, last[buffer] - first[buffer] + 1);
}
