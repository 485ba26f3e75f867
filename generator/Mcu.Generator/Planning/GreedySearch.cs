namespace Mcu.Generator.Planning;

/// <summary>
/// Greedy placement in several orders, then a search over orders by small random changes of the best one. Stops at
/// the bound. The work is bounded in looked-at neighbours, so the result does not depend on the machine.
/// </summary>
internal sealed class GreedySearch(PlacementModel model, long bound, int seed, CancellationToken cancellation)
{
    private const long WorkLimit = 40_000_000;
    private const int RoundLimit = 20_000;
    private readonly Placer placer = new(model);
    private ulong state = unchecked((ulong)seed);

    /// <summary>Offsets in units.</summary>
    public long[] Run()
    {
        long[] best = [];
        int[] order = [];
        var fit = GapChoice.First;
        long arena = long.MaxValue;
        foreach (int[] candidate in PlacementOrders.All(model))
        {
            foreach (GapChoice choice in (GapChoice[])[GapChoice.First, GapChoice.Best])
            {
                cancellation.ThrowIfCancellationRequested();
                long found = placer.Place(candidate, choice);
                if (found < arena)
                {
                    (arena, order, fit, best) = (found, candidate, choice, [.. placer.Offsets]);
                }
            }
        }

        return arena > bound && model.Count > 1 ? Improve(order, fit, arena, best) : best;
    }

    private long[] Improve(int[] start, GapChoice fit, long arena, long[] best)
    {
        int[] order = start;
        long[] current = best;
        long currentArena = arena;
        for (int round = 0; round < RoundLimit && placer.Work < WorkLimit && arena > bound; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] changed = Change(order, current, currentArena);
            long found = placer.Place(changed, fit);
            if (found <= currentArena)
            {
                (order, current, currentArena) = (changed, [.. placer.Offsets], found);
            }

            if (found < arena)
            {
                (arena, best) = (found, current);
            }
        }

        return best;
    }

    /// <summary>A buffer at the arena's top comes earlier, and now and then two others change places.</summary>
    private int[] Change(int[] order, long[] offsets, long arena)
    {
        int[] changed = [.. order];
        int[] top = [.. Enumerable.Range(1, order.Length - 1)
            .Where(i => offsets[order[i]] + model.Size[order[i]] == arena)];
        if (top.Length > 0)
        {
            int from = top[Next(top.Length)];
            int to = Next(from);
            (int moved, int count) = (changed[from], from - to);
            Array.Copy(changed, to, changed, to + 1, count);
            changed[to] = moved;
        }

        if (top.Length == 0 || Next(2) == 0)
        {
            int a = Next(order.Length);
            int b = Next(order.Length);
            (changed[a], changed[b]) = (changed[b], changed[a]);
        }

        return changed;
    }

    /// <summary>SplitMix64, so that the sequence is ours and not the library's.</summary>
    private int Next(int limit)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (int)((z ^ (z >> 31)) % (ulong)limit);
        }
    }
}
