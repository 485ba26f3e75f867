using System.CommandLine;
using System.CommandLine.Parsing;

namespace Mcu.Tool.Cli;

/// <summary>An option whose value is one of a few words.</summary>
internal static class Choice
{
    /// <summary>The first word is the default.</summary>
    public static Option<T> Of<T>(string name, string description, params (string Word, T Value)[] words)
    {
        return new Option<T>(name)
        {
            Description = $"{description} (default {words[0].Word})",
            HelpName = string.Join('|', words.Select(word => word.Word)),
            DefaultValueFactory = _ => words[0].Value,
            CustomParser = Parse,
        };

        T Parse(ArgumentResult result)
        {
            string given = result.Tokens[0].Value;
            foreach ((string word, T value) in words)
            {
                if (word == given)
                {
                    return value;
                }
            }

            result.AddError($"'{given}' is no value of {name}; use one of: {string.Join(", ", words.Select(word => word.Word))}.");
            return words[0].Value;
        }
    }
}
