namespace Mcu.Generator.Planning;

/// <summary>
/// Bytes that any plan needs: at each step, the measure of the union of all live buffers, which is at least the sum of
/// their sizes less what each pair with a rule can have in common. Where inputs are disjoint from each other and so are
/// outputs, what one buffer has in common with all its partners is also at most its own size.
/// </summary>
internal static class LowerBound
{
    /// <summary>The bound in units.</summary>
    public static long Of(PlacementModel model)
    {
        long bound = 0;
        foreach (int step in model.First.Distinct())
        {
            bound = Math.Max(bound, AtStep(model, step));
        }

        return bound;
    }

    private static long AtStep(PlacementModel model, int step)
    {
        long live = 0;
        for (int i = 0; i < model.Count; i++)
        {
            live += model.First[i] <= step && step <= model.Last[i] ? model.Size[i] : 0;
        }

        RulePair[] rules = Array.FindAll(model.Rules, rule => model.First[rule.Output] == step);
        if (rules.Select(rule => rule.Input).Intersect(rules.Select(rule => rule.Output)).Any())
        {
            return live - rules.Sum(rule => CommonOf(model, rule));
        }

        return live - Math.Min(Common(model, rules, rule => rule.Input), Common(model, rules, rule => rule.Output));
    }

    private static long Common(PlacementModel model, RulePair[] rules, Func<RulePair, int> side) =>
        rules.GroupBy(side).Sum(group => Math.Min(model.Size[group.Key], group.Sum(rule => CommonOf(model, rule))));

    /// <summary>
    /// The most that a pair can share. At distance d = input - output, both as large as they are, they share
    /// min(input, output) where one lies within the other, and less the further they are moved apart: for d above
    /// output - input the shared part is output - d.
    /// </summary>
    private static long CommonOf(PlacementModel model, RulePair rule)
    {
        long whole = Math.Min(model.Size[rule.Input], model.Size[rule.Output]);
        long alignment = Math.Min(model.Alignment[rule.Input], model.Alignment[rule.Output]);
        long distance = rule.MinDistance <= 0 ? 0 : (rule.MinDistance + alignment - 1) / alignment * alignment;
        return Math.Max(0, Math.Min(whole, model.Size[rule.Output] - distance));
    }
}
