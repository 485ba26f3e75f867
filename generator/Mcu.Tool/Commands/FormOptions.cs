using System.CommandLine;
using Mcu.Emulation.Managed;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.Forms;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary><c>--form</c>: build systems for C, where the kernels run for C#; and by what the latter is chosen.</summary>
internal sealed class FormOptions
{
    private readonly Option<OutputForm[]> forms = Choice.Several(
        "--form",
        "Of C: build system to write files for, beside CMake; may be given several times. Of nanoframework: kernels in C# (managed, the default) or in the firmware (interop), or by estimate (auto)",
        ("cmake", new OutputForm("cmake") { Build = BuildForm.CMake }),
        ("zephyr", new OutputForm("zephyr") { Build = BuildForm.Zephyr }),
        ("esp-idf", new OutputForm("esp-idf") { Build = BuildForm.EspIdf }),
        ("platformio", new OutputForm("platformio") { Build = BuildForm.PlatformIo }),
        ("arduino", new OutputForm("arduino") { Build = BuildForm.Arduino }),
        ("cmsis-pack", new OutputForm("cmsis-pack") { Build = BuildForm.CmsisPack }),
        ("managed", new OutputForm("managed") { Nano = NanoForm.Managed }),
        ("interop", new OutputForm("interop") { Nano = NanoForm.Interop }),
        ("auto", new OutputForm("auto")));

    private readonly Option<double?> nsPerIl = Positive("--ns-per-il", $"What an IL instruction costs on the device, in ns: the report estimates the time of --form managed, --form auto chooses by it (there default {FormLimits.Default.NsPerIl}, an assumption).", "NS");

    private readonly Option<double?> maxTime = Positive("--max-time", $"With --form auto: the longest inference that will do, in ms (default {FormLimits.Default.MaxMilliseconds}).", "MS");

    public void AddTo(Command command)
    {
        command.Options.Add(forms);
        command.Options.Add(nsPerIl);
        command.Options.Add(maxTime);
    }

    /// <summary>The build systems for C; MCU1512 where a form of C# is among them, MCU1513 for limits of C#.</summary>
    public BuildForm[] OfC(ParseResult parse)
    {
        OutputForm[] asked = parse.GetValue(forms) ?? [];
        Refuse(parse, nsPerIl, maxTime);
        return asked.FirstOrDefault(f => f.Build is null) is { } form
            ? throw new DiagnosticException("MCU1512", $"--form {form.Word} is for C#.", "--form", "Add --lang nanoframework, or name a build system.")
            : [.. asked.Select(f => f.Build!.Value)];
    }

    /// <summary>
    /// The form of C#, or null and the limits to choose by. MCU1408 where a build system of C is named, MCU1512 for several forms, MCU1513 for a limit
    /// without a choice, or a cost of what is not run.
    /// </summary>
    public (NanoForm? Form, FormLimits? Limits) OfNano(ParseResult parse)
    {
        OutputForm[] asked = [.. (parse.GetValue(forms) ?? []).Distinct()];
        if (asked.FirstOrDefault(f => f.Build is not null) is { } build)
        {
            throw new DiagnosticException("MCU1408", $"--form {build.Word} is a build system of C.", "--form", "Leave it out, use --lang c, or name one of managed, interop, auto.");
        }

        if (asked.Length > 1)
        {
            throw new DiagnosticException("MCU1512", $"--form {asked[0].Word} and --form {asked[1].Word} exclude each other.", "--form", "Name one of managed, interop, auto.");
        }

        if (asked.FirstOrDefault() is not { Nano: null })
        {
            NanoForm form = asked.FirstOrDefault()?.Nano ?? NanoForm.Managed;
            Refuse(parse, form == NanoForm.Managed ? [maxTime] : [nsPerIl, maxTime]);
            return (form, null);
        }

        FormLimits usual = FormLimits.Default;
        return (null, usual with { NsPerIl = NsPerIl(parse) ?? usual.NsPerIl, MaxMilliseconds = parse.GetValue(maxTime) ?? usual.MaxMilliseconds });
    }

    /// <summary>What an IL instruction costs on the device, in nanoseconds; null where the user does not say.</summary>
    public double? NsPerIl(ParseResult parse) => parse.GetValue(nsPerIl);

    private static void Refuse(ParseResult parse, params Option[] options)
    {
        if (options.FirstOrDefault(o => parse.GetResult(o) is { Implicit: false }) is { } unused)
        {
            throw new DiagnosticException(
                "MCU1513", $"{unused.Name} has no effect here.", unused.Name,
                "--max-time goes with --lang nanoframework --form auto, --ns-per-il with --form auto or managed; or leave it out.");
        }
    }

    private static Option<double?> Positive(string name, string description, string word)
    {
        var option = new Option<double?>(name) { Description = description, HelpName = word };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } value && !(value is > 0 and < 1e9))
            {
                result.AddError($"{name} takes a number above 0 and below a billion.");
            }
        });
        return option;
    }

    /// <summary>What one word names: a build system, a form of C#, or neither for the choice of the latter.</summary>
    private sealed record OutputForm(string Word)
    {
        public BuildForm? Build { get; init; }

        public NanoForm? Nano { get; init; }
    }
}
