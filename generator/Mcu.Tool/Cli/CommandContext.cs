using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;
using Spectre.Console;

namespace Mcu.Tool.Cli;

/// <summary>
/// What a command writes to. Results go to stdout, once; progress, notes and errors to stderr, so that stdout with
/// <c>--json</c> is exactly one document.
/// </summary>
internal sealed class CommandContext(TextWriter output, TextWriter error, bool json, bool verbose, string? targetFolder = null)
{
    private const int WidthWithoutTerminal = 4096;

    private TargetCatalog? targets;

    public bool Json { get; } = json;

    public bool Verbose { get; } = verbose;

    /// <summary>The targets there are; read when first asked for.</summary>
    public TargetCatalog Targets => targets ??= TargetCatalog.Load(targetFolder);

    /// <summary>Notes and warnings of the command since they were last printed.</summary>
    public DiagnosticBag Notes { get; private set; } = new();

    /// <summary>How a diagnostic is printed on stderr.</summary>
    public Func<Diagnostic, string> Format { get; set; } = diagnostic => diagnostic.ToString();

    /// <summary>Plain text on stdout; not to be used with <see cref="Json"/>.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Plain text on stderr.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>The command's result: the document with <c>--json</c>, what <paramref name="print"/> prints otherwise.</summary>
    public void Result<T>(T document, Action<IAnsiConsole> print)
    {
        if (Json)
        {
            Output.WriteLine(JsonOutput.Text(document));
        }
        else
        {
            print(ConsoleOn(Output));
        }
    }

    /// <summary>One line of progress or explanation on stderr.</summary>
    public void Say(string line) => Error.WriteLine(Printable.Text(line));

    /// <summary>One diagnostic on stderr.</summary>
    public void Report(Diagnostic diagnostic) => Error.WriteLine(Format(diagnostic));

    /// <summary>Prints <see cref="Notes"/> on stderr: notes only with <c>--verbose</c>, warnings always, each once.</summary>
    public void ReportNotes()
    {
        foreach (Diagnostic diagnostic in Notes.Items.Distinct().Where(d => Verbose || d.Severity != Severity.Note))
        {
            Report(diagnostic);
        }

        Notes = new DiagnosticBag();
    }

    /// <summary>A console for tables; plain text of a fixed width where <paramref name="writer"/> is not a terminal.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        return console;
    }
}
