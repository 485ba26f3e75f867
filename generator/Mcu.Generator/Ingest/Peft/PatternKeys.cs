using System.Diagnostics;
using System.Text.RegularExpressions;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// <c>rank_pattern</c> or <c>alpha_pattern</c>: regular expressions over module names. As in PEFT's
/// <c>get_pattern_key</c>, the first key in file order whose expression matches the whole name, or the name's end after a
/// dot, counts; without a match a key that equals the name literally does.
/// </summary>
internal sealed class PatternKeys<T>
{
    private const int MaxLength = 1000;

    /// <summary>Time for all expressions with look-around or back-references together; all others take linear time.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    private readonly List<(string Key, Regex Expression, T Value)> entries = [];
    private readonly string location;
    private TimeSpan left = Budget;

    /// <summary>Compiles the keys; MCU0423 for one that is no regular expression.</summary>
    /// <param name="wholeNames">Whether an expression must match from the name's first character on.</param>
    public PatternKeys(IEnumerable<KeyValuePair<string, T>> patterns, string location, bool wholeNames = false)
    {
        this.location = location;
        foreach ((string key, T value) in patterns)
        {
            entries.Add((key, Compile(key, wholeNames), value));
        }
    }

    public T Resolve(string module, T fallback)
    {
        foreach ((string key, Regex expression, T value) in entries)
        {
            if (Matches(key, expression, module))
            {
                return value;
            }
        }

        foreach ((string key, _, T value) in entries)
        {
            if (key == module)
            {
                return value;
            }
        }

        return fallback;
    }

    private bool Matches(string key, Regex expression, string module)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            bool match = expression.IsMatch(module);
            if (!expression.Options.HasFlag(RegexOptions.NonBacktracking))
            {
                left -= Stopwatch.GetElapsedTime(start);
            }

            return left > TimeSpan.Zero ? match : throw new RegexMatchTimeoutException();
        }
        catch (RegexMatchTimeoutException)
        {
            throw Error(key, "takes too long to match", "Write the module name without nested repetitions.");
        }
    }

    private Regex Compile(string key, bool wholeNames)
    {
        if (key.Length > MaxLength)
        {
            throw Error(key, $"is longer than {MaxLength} characters");
        }

        string whole = wholeNames ? $@"\A({key})\z" : $@"\A(.*\.)?({key})$";
        try
        {
            return new Regex(whole, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(whole, RegexOptions.CultureInvariant, Budget);
        }
        catch (ArgumentException e)
        {
            throw Error(key, $"is not a regular expression that is understood: {Names.Short(e.Message)}", "Write the plain module name.");
        }
    }

    private DiagnosticException Error(string key, string message, string hint = "") =>
        new("MCU0423", $"The pattern '{Names.Short(key)}' {message}.", location, hint);
}
