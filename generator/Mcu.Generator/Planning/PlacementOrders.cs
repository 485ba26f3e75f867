namespace Mcu.Generator.Planning;

/// <summary>Orders in which placing buffers is known to do well; ties keep the order of the problem.</summary>
internal static class PlacementOrders
{
    public static IEnumerable<int[]> All(PlacementModel model)
    {
        long[] contention = Contention(model);
        long Size(int i) => model.Size[i];
        long Duration(int i) => (long)model.Last[i] - model.First[i] + 1;
        long Area(int i) => Size(i) * Duration(i);
        long Load(int i) => contention[i];
        yield return Sorted(model, Size, Duration);
        yield return Sorted(model, Area, Size);
        yield return Sorted(model, Duration, Size);
        yield return Sorted(model, Load, Duration, Area);
        yield return Sorted(model, Load, Area, Duration);
        yield return Sorted(model, Load, Size, Duration);
        yield return Sorted(model, Duration, Area, Load);
        yield return Sorted(model, i => -(long)model.First[i], Size);
        yield return Sorted(model, i => model.Last[i], Size);
        yield return Sorted(model, i => -(long)model.First[i] - model.Last[i], Size);
    }

    private static int[] Sorted(PlacementModel model, params Func<int, long>[] keys)
    {
        IOrderedEnumerable<int> order = Enumerable.Range(0, model.Count).OrderByDescending(keys[0]);
        return [.. keys.Skip(1).Aggregate(order, (sorted, key) => sorted.ThenByDescending(key))];
    }

    /// <summary>Per buffer, the largest total size that is live at one of its steps.</summary>
    private static long[] Contention(PlacementModel model)
    {
        int[] steps = [.. model.First.Distinct().Order()];
        long[] live = Array.ConvertAll(steps, step => Enumerable.Range(0, model.Count)
            .Sum(i => model.First[i] <= step && step <= model.Last[i] ? model.Size[i] : 0));
        var contention = new long[model.Count];
        for (int i = 0; i < model.Count; i++)
        {
            for (int s = Array.BinarySearch(steps, model.First[i]); s < steps.Length && steps[s] <= model.Last[i]; s++)
            {
                contention[i] = Math.Max(contention[i], live[s]);
            }
        }

        return contention;
    }
}
