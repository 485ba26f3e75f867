namespace Mcu.Generator.Planning;

/// <summary>
/// Depth-first search for a placement below a limit. Every placement can be pushed down until each buffer rests on the
/// arena's floor or on another buffer; such placements are built here from the bottom up. At the lowest free address
/// either one of the buffers that can lie there does, or none: then each of those rests on one still to be placed,
/// which raises it. Parts of the schedule that no longer share a buffer are solved on their own. The work is bounded,
/// so the result does not depend on the machine.
/// </summary>
/// <remarks>
/// Pushed-down placements are the canonical solutions of MiniMalloc (Moffitt, 2023); the branching on the lowest free
/// address is known from strip packing. A failed search is no proof: with negative overlap distances not every
/// placement has this form.
/// </remarks>
internal sealed class CanonicalSearch
{
    private readonly PlacementModel model;
    private readonly SlotLoad slots;
    private readonly CancellationToken cancellation;
    private readonly bool[] placed;
    private readonly long[] offsets;
    private readonly long[] floor;
    private readonly int[] at;
    private readonly Stack<(int Buffer, long Floor)> trail = new();
    private int[] rank = [];
    private ValleyChoice choice;
    private long limit;
    private long budget;

    public CanonicalSearch(PlacementModel model, CancellationToken cancellation)
    {
        this.model = model;
        this.cancellation = cancellation;
        slots = new SlotLoad(model);
        placed = new bool[model.Count];
        offsets = new long[model.Count];
        floor = new long[model.Count];
        at = new int[model.Count];
    }

    /// <summary>Work done so far, in buffers looked at.</summary>
    public long Work { get; private set; }

    /// <summary>Offsets within an arena of at most so many units, or null if the work allowed did not find any.</summary>
    /// <param name="arenaLimit">Largest arena allowed.</param>
    /// <param name="order">Preference among buffers that can go equally low.</param>
    /// <param name="valleyChoice">Preference among steps that are equally low.</param>
    /// <param name="workLimit">Work at which the search gives up.</param>
    public long[]? Find(long arenaLimit, int[] order, ValleyChoice valleyChoice, long workLimit)
    {
        limit = arenaLimit;
        choice = valleyChoice;
        budget = Work + workLimit;
        rank = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            rank[order[i]] = i;
        }

        Array.Clear(placed);
        Array.Clear(floor);
        trail.Clear();
        slots.Reset();
        return Solve([.. Enumerable.Range(0, model.Count)]) ? [.. offsets] : null;
    }

    private bool Solve(int[] open)
    {
        foreach (int[] part in slots.Split(open))
        {
            if (!SolvePart(part))
            {
                return false;
            }
        }

        return true;
    }

    private bool SolvePart(int[] open)
    {
        cancellation.ThrowIfCancellationRequested();
        int mark = trail.Count;
        while (Lowest(open) is { } lowest)
        {
            int[] valley = slots.Valley(open, lowest, choice);
            foreach (int buffer in valley.OrderBy(buffer => rank[buffer]))
            {
                int before = trail.Count;
                Place(buffer, lowest[Array.IndexOf(open, buffer)]);
                if (Solve(Array.FindAll(open, other => other != buffer)))
                {
                    return true;
                }

                Undo(before);
                if (Work > budget)
                {
                    return false;
                }
            }

            if (!Abandon(open, lowest, valley))
            {
                break;
            }
        }

        Undo(mark);
        return false;
    }

    /// <summary>The lowest offset of each open buffer, or null if a buffer or a step no longer fits below the limit.</summary>
    private long[]? Lowest(int[] open)
    {
        Work += 2L * open.Length;
        var lowest = new long[open.Length];
        for (int i = 0; i < open.Length; i++)
        {
            lowest[i] = Lowest(open[i]);
            if (lowest[i] + model.Size[open[i]] > limit)
            {
                return null;
            }
        }

        return slots.Fit(open, lowest, limit) ? lowest : null;
    }

    /// <summary>
    /// Nothing lies at the bottom of the valley: each buffer there rests on one that is still to be placed.
    /// </summary>
    private bool Abandon(int[] open, long[] lowest, int[] valley)
    {
        for (int i = 0; i < open.Length; i++)
        {
            at[open[i]] = i;
        }

        foreach (int buffer in valley)
        {
            long least = long.MaxValue;
            foreach (Relation relation in model.Relations[buffer])
            {
                if (!placed[relation.Other])
                {
                    least = Math.Min(least, lowest[at[relation.Other]] + relation.Above);
                }
            }

            if (least == long.MaxValue)
            {
                return false;
            }

            Raise(buffer, Math.Max(least, lowest[at[buffer]] + 1));
        }

        return true;
    }

    private void Raise(int buffer, long to)
    {
        if (floor[buffer] < to)
        {
            trail.Push((buffer, floor[buffer]));
            floor[buffer] = to;
        }
    }

    private long Lowest(int buffer)
    {
        long mask = model.Alignment[buffer] - 1;
        long offset = (floor[buffer] + mask) & ~mask;
        for (bool moved = true; moved;)
        {
            moved = false;
            foreach (Relation window in slots.Windows[buffer])
            {
                long distance = offset - offsets[window.Other];
                if (placed[window.Other] && distance < window.Above && -distance < window.Below)
                {
                    offset = (offsets[window.Other] + window.Above + mask) & ~mask;
                    moved = true;
                }
            }
        }

        return offset;
    }

    private void Place(int buffer, long offset)
    {
        placed[buffer] = true;
        offsets[buffer] = offset;
        slots.Add(buffer, -model.Size[buffer]);
        trail.Push((~buffer, 0));
        foreach (Relation relation in model.Relations[buffer])
        {
            // What comes later lies at least as high, so the distance it must keep is this buffer's Below.
            if (relation.Above > 0 && !placed[relation.Other])
            {
                Raise(relation.Other, offset + relation.Below);
            }
        }

        Work += model.Relations[buffer].Length;
    }

    private void Undo(int mark)
    {
        while (trail.Count > mark)
        {
            (int buffer, long before) = trail.Pop();
            if (buffer < 0)
            {
                placed[~buffer] = false;
                slots.Add(~buffer, model.Size[~buffer]);
            }
            else
            {
                floor[buffer] = before;
            }
        }
    }
}
