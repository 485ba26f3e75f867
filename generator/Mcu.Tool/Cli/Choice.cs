using System.CommandLine;
using System.CommandLine.Parsing;

namespace Mcu.Tool.Cli;

/// <summary>An option whose value is one of a few words.</summary>
internal static class Choice
{
    /// <summary>The first word is the default.</summary>
    public static Option<T> Of<T>(string name, string description, params (string Word, T Value)[] words)
    {
        var option = new Option<T>(name)
        {
            Description = $"{description} (default {words[0].Word})",
            HelpName = Names(words),
            DefaultValueFactory = _ => words[0].Value,
            CustomParser = result => Parse(name, words, result).FirstOrDefault(words[0].Value),
        };
        return Complete(option, words);
    }

    /// <summary>May be given several times; none is the default.</summary>
    public static Option<T[]> Several<T>(string name, string description, params (string Word, T Value)[] words)
    {
        var option = new Option<T[]>(name)
        {
            Description = description,
            HelpName = Names(words),
            CustomParser = result => [.. Parse(name, words, result)],
        };
        return Complete(option, words);
    }

    /// <summary>Proposes the words instead of the names that the values have in the program.</summary>
    private static Option<TOption> Complete<TOption, T>(Option<TOption> option, (string Word, T Value)[] words)
    {
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. words.Select(word => word.Word)]);
        return option;
    }

    private static string Names<T>((string Word, T Value)[] words) => string.Join('|', words.Select(word => word.Word));

    private static List<T> Parse<T>(string name, (string Word, T Value)[] words, ArgumentResult result)
    {
        var values = new List<T>();
        foreach (string given in result.Tokens.Select(token => token.Value))
        {
            int index = Array.FindIndex(words, word => word.Word == given);
            if (index >= 0)
            {
                values.Add(words[index].Value);
            }
            else
            {
                result.AddError($"'{given}' is no value of {name}; use one of: {string.Join(", ", words.Select(word => word.Word))}.");
            }
        }

        return values;
    }
}
