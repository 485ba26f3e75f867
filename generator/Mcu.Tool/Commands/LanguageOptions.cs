using System.CommandLine;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary>The options that choose the language of what is emitted.</summary>
internal sealed class LanguageOptions
{
    private readonly Option<EmittedLanguage> language = Choice.Of(
        "--lang",
        "Language of the output",
        ("c", EmittedLanguage.C),
        ("nanoframework", EmittedLanguage.NanoFramework));

    private readonly Option<NanoStore> weights = Choice.Of(
        "--weights",
        "Where constants of C# output lie: in the code, or in an image that the application hands over; auto takes the code where one assembly holds them",
        ("auto", NanoStore.Auto),
        ("code", NanoStore.Code),
        ("image", NanoStore.Image));

    private readonly Option<string?> space = new("--namespace")
    {
        Description = $"Namespace of the C# class (default {NanoOptions.Default.Namespace}).",
        HelpName = "NAME",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(language);
        command.Options.Add(weights);
        command.Options.Add(space);
    }

    public bool IsC(ParseResult parse) => parse.GetValue(language) == EmittedLanguage.C;

    /// <summary>The options with the language; MCU1500 where an option of C# stands beside C, MCU1501 for a namespace that is none.</summary>
    public CompileOptions Apply(ParseResult parse, CompileOptions options)
    {
        if (IsC(parse))
        {
            Option? unused = new Option[] { weights, space }.FirstOrDefault(o => parse.GetResult(o) is { Implicit: false });
            return unused is null
                ? options
                : throw new DiagnosticException("MCU1500", $"{unused.Name} has no effect on C.", unused.Name, "Add --lang nanoframework, or leave it out.");
        }

        return options.Deltas.IsOn
            ? throw new DiagnosticException("MCU1503", "Managed code takes no delta images yet.", "--deltas", "Compile the adapters in with --adapter, or use --lang c.")
            : options with { Nano = new NanoOptions(parse.GetValue(weights), options.Optimize == OptimizationGoal.Speed, parse.GetValue(space) ?? NanoOptions.Default.Namespace).Checked() };
    }

    /// <summary>What can be emitted; a boolean option would take no word.</summary>
    private enum EmittedLanguage
    {
        C,
        NanoFramework,
    }
}
