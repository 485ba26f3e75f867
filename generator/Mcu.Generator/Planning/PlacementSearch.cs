namespace Mcu.Generator.Planning;

/// <summary>A placement and how it was found.</summary>
internal sealed record Placement(long[] Offsets, long Arena, string Method);

/// <summary>
/// Finds good placements without a solver: greedy in several orders, then bounded tree searches that aim at the lower
/// bound, restarted with changed preferences. Stops at the bound. All limits count work, never time.
/// </summary>
internal sealed class PlacementSearch(PlacementModel model, long bound, int seed, CancellationToken cancellation)
{
    private const int Restarts = 40;
    private const int ValleyChoices = 4;
    private const int MostSwaps = 20;
    private const int SwapDistance = 8;
    private const long WorkLimit = 200_000_000;

    // The search recurses once per buffer.
    private const int MostBuffersSearched = 1000;
    private readonly int[][] orders = [.. PlacementOrders.All(model)];
    private ulong state = unchecked((ulong)seed);

    /// <summary>One try of the tree search: some dozen descents without much backtracking.</summary>
    private long TryWork => 20_000 + (12L * model.Count * model.Count);

    public Placement Run()
    {
        Placement best = Greedy();
        if (best.Arena == bound || model.Count > MostBuffersSearched)
        {
            return best;
        }

        var search = new CanonicalSearch(model, cancellation);
        return AtBound(search) ?? BelowBest(search, best);
    }

    private Placement Greedy()
    {
        var placer = new Placer(model);
        Placement? best = null;
        foreach (int[] order in orders)
        {
            foreach (GapChoice choice in (GapChoice[])[GapChoice.First, GapChoice.Best])
            {
                cancellation.ThrowIfCancellationRequested();
                long arena = placer.Place(order, choice);
                if (best is null || arena < best.Arena)
                {
                    best = new Placement([.. placer.Offsets], arena, "greedy");
                }
            }
        }

        return best!;
    }

    private Placement? AtBound(CanonicalSearch search)
    {
        for (int restart = 0; restart < Restarts && search.Work < WorkLimit / 4 * 3; restart++)
        {
            foreach (int[] order in orders)
            {
                int[] preference = restart < ValleyChoices ? order : Changed(order, MostSwaps * (restart / ValleyChoices) / (Restarts / ValleyChoices));
                if (Find(search, bound, preference, (ValleyChoice)(restart % ValleyChoices)) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    /// <summary>Halves the range between the bound and the best arena until the work is spent.</summary>
    private Placement BelowBest(CanonicalSearch search, Placement best)
    {
        long low = bound + 1;
        while (low < best.Arena && search.Work < WorkLimit)
        {
            long limit = low + ((best.Arena - 1 - low) / 2);
            if (orders.Select(order => Find(search, limit, order, ValleyChoice.Fullest)).FirstOrDefault(found => found is not null) is { } better)
            {
                best = better;
            }
            else
            {
                low = limit + 1;
            }
        }

        return best;
    }

    private Placement? Find(CanonicalSearch search, long limit, int[] order, ValleyChoice choice) =>
        search.Find(limit, order, choice, TryWork) is { } offsets ? new Placement(offsets, model.Arena(offsets), "search") : null;

    /// <summary>Exchanges near neighbours, so many per hundred.</summary>
    private int[] Changed(int[] order, int swapsPerHundred)
    {
        int[] changed = [.. order];
        for (int i = 0; i <= order.Length * swapsPerHundred / 100; i++)
        {
            int a = Next(order.Length);
            int b = Math.Min(order.Length - 1, a + 1 + Next(SwapDistance));
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
