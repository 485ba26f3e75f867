using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>
/// A reshape of a transposed tensor as a transpose of a reshaped one, where that is possible: the reshape splits or joins
/// groups of axes, and each group's axes lie side by side in the base.
/// </summary>
internal static class ReshapedView
{
    /// <summary>The plain view of the reshaped base (its name is still the old one), or null.</summary>
    /// <param name="view">A plain view.</param>
    /// <param name="target">The shape outside.</param>
    public static LayoutView? Of(LayoutView view, Shape target)
    {
        if (Groups(view.Shape, target) is not { } groups)
        {
            return null;
        }

        // Groups in the base's order; an axis of size 1 may lie anywhere.
        var placed = new List<(int Place, Group Group)>();
        foreach (Group group in groups)
        {
            int[] axes = [.. group.Old.Where(a => view.Shape[a] > 1).Select(a => view.Permutation[a])];
            if (!IsRun(axes, view.BaseShape))
            {
                return null;
            }

            placed.Add((axes.Length == 0 ? -1 : axes[0], group));
        }

        int[] order = [.. placed.OrderBy(p => p.Place).SelectMany(p => p.Group.New)];
        return new LayoutView(
            view.Base,
            new Shape(order.Select(axis => target[axis]).ToEquatableArray()),
            Enumerable.Range(0, target.Rank).Select(axis => Array.IndexOf(order, axis)).ToEquatableArray(),
            target);
    }

    /// <summary>Whether the axes follow one another in the base, but for axes of size 1.</summary>
    private static bool IsRun(int[] axes, Shape shape)
    {
        for (int i = 1; i < axes.Length; i++)
        {
            bool follows = axes[i] > axes[i - 1] && Enumerable.Range(axes[i - 1] + 1, axes[i] - axes[i - 1] - 1).All(a => shape[a] == 1);
            if (!follows)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The smallest groups of old and new axes with equal products, in order.</summary>
    private static List<Group>? Groups(Shape old, Shape target)
    {
        var groups = new List<Group>();
        int from = 0;
        int to = 0;
        while (from < old.Rank || to < target.Rank)
        {
            (int firstOld, int firstNew) = (from, to);
            long left = from < old.Rank ? old[from++] : 1;
            long right = to < target.Rank ? target[to++] : 1;
            while (left != right)
            {
                if (left < right && from < old.Rank)
                {
                    left *= old[from++];
                }
                else if (right < left && to < target.Rank)
                {
                    right *= target[to++];
                }
                else
                {
                    return null;
                }
            }

            groups.Add(new Group([.. Enumerable.Range(firstOld, from - firstOld)], [.. Enumerable.Range(firstNew, to - firstNew)]));
        }

        return groups;
    }

    private sealed record Group(int[] Old, int[] New);
}
