namespace Mcu.Generator.Ingest;

/// <summary>Names from files inside messages: bounded, so that a long hostile name leaves room for the rest.</summary>
public static class Names
{
    private const int MaxLength = 96;

    /// <summary>The name, cut in the middle when it is long.</summary>
    public static string Short(string name) =>
        name.Length <= MaxLength ? name : string.Concat(name.AsSpan(0, MaxLength / 2), "…", name.AsSpan(name.Length - (MaxLength / 2)));

    /// <summary>Up to <paramref name="limit"/> quoted names and the number of those left out.</summary>
    public static string List(IReadOnlyCollection<string> names, int limit = 8)
    {
        string text = string.Join(", ", names.Take(limit).Select(n => $"'{Short(n)}'"));
        return names.Count > limit ? $"{text} and {names.Count - limit} more" : text;
    }
}
