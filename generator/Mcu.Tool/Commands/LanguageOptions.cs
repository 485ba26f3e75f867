using System.CommandLine;
using Mcu.Emulation.Managed;
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

    private readonly FormOptions forms = new();

    public void AddTo(Command command)
    {
        command.Options.Add(language);
        forms.AddTo(command);
        command.Options.Add(weights);
        command.Options.Add(space);
    }

    public bool IsC(ParseResult parse) => parse.GetValue(language) == EmittedLanguage.C;

    /// <summary>By what the form of C# is chosen; null where it is named or the output is C.</summary>
    public FormLimits? Limits(ParseResult parse) => IsC(parse) ? null : forms.OfNano(parse).Limits;

    /// <summary>
    /// The options with language and form; MCU1500 where an option of C# stands beside C, MCU1501 for a namespace that is none, MCU1503 for delta
    /// images over native kernels, MCU1532 for a cache of them, MCU1514 for --weights beside native weights; and those of <see cref="FormOptions"/>.
    /// </summary>
    public CompileOptions Apply(ParseResult parse, CompileOptions options)
    {
        if (IsC(parse))
        {
            Option? unused = new Option[] { weights, space }.FirstOrDefault(o => parse.GetResult(o) is { Implicit: false });
            return unused is null
                ? options with { Forms = forms.OfC(parse) }
                : throw new DiagnosticException("MCU1500", $"{unused.Name} has no effect on C.", unused.Name, "Add --lang nanoframework, or leave it out.");
        }

        if (options.Deltas.CacheBytes > 0)
        {
            throw new DiagnosticException("MCU1532", "Managed code has no cache of merged layers: Attach makes constants on the heap once.", "--delta-cache", "Leave it out, or use --lang c.");
        }

        return options.Deltas.IsOn && forms.OfNano(parse).Form != NanoForm.Managed
            ? throw new DiagnosticException("MCU1503", "C# over native kernels takes no delta images.", "--deltas", "Use --form managed, compile the adapters in with --adapter, or use --lang c.")
            : options with { Nano = Nano(parse, options.Optimize) };
    }

    private NanoOptions Nano(ParseResult parse, OptimizationGoal goal)
    {
        NanoForm form = forms.OfNano(parse).Form ?? NanoForm.Managed;
        return form == NanoForm.Interop && parse.GetResult(weights) is { Implicit: false }
            ? throw new DiagnosticException("MCU1514", "With --form interop the weights lie in the firmware.", "--weights", "Leave it out, or use --form managed.")
            : new NanoOptions(parse.GetValue(weights), goal == OptimizationGoal.Speed, parse.GetValue(space) ?? NanoOptions.Default.Namespace) { Form = form, NsPerIl = forms.NsPerIl(parse) }.Checked();
    }

    /// <summary>What can be emitted; a boolean option would take no word.</summary>
    private enum EmittedLanguage
    {
        C,
        NanoFramework,
    }
}
