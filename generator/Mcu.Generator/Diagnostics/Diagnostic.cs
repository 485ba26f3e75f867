namespace Mcu.Generator.Diagnostics;

/// <summary>How serious a diagnostic is: notes and warnings inform, an error ends the command.</summary>
public enum Severity
{
    Note,
    Warning,
    Error,
}

/// <summary>
/// One finding about a user's input: a stable code, what is wrong, where, and the way out.
/// </summary>
/// <param name="Code">Stable code, <c>MCU</c> and four digits; listed in docs/DIAGNOSTICS.md.</param>
/// <param name="Severity">Error, warning or note.</param>
/// <param name="Message">What is wrong, one sentence.</param>
/// <param name="Location">File, node, tensor or key concerned; empty when there is none.</param>
/// <param name="Hint">What the user can do; empty when nothing better than the message is known.</param>
public sealed record Diagnostic(string Code, Severity Severity, string Message, string Location = "", string Hint = "")
{
    /// <summary>One line: <c>location: error MCU0201: message. hint</c>.</summary>
    public override string ToString()
    {
        string severity = Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "note" };
        string place = Location.Length == 0 ? "" : Printable.Text(Location) + ": ";
        string hint = Hint.Length == 0 ? "" : " " + Printable.Text(Hint);
        return $"{place}{severity} {Code}: {Printable.Text(Message)}{hint}";
    }
}

/// <summary>Carries one error diagnostic from where it is found to the command that reports it.</summary>
public sealed class DiagnosticException(Diagnostic diagnostic) : Exception(diagnostic.ToString())
{
    public DiagnosticException(string code, string message, string location = "", string hint = "")
        : this(new Diagnostic(code, Severity.Error, message, location, hint))
    {
    }

    public Diagnostic Diagnostic { get; } = diagnostic;
}

/// <summary>Collects notes and warnings on the way; thread-safe.</summary>
public sealed class DiagnosticBag
{
    private readonly Lock gate = new();
    private readonly List<Diagnostic> items = [];

    public IReadOnlyList<Diagnostic> Items
    {
        get
        {
            lock (gate)
            {
                return [.. items];
            }
        }
    }

    public void Note(string code, string message, string location = "", string hint = "") =>
        Add(new Diagnostic(code, Severity.Note, message, location, hint));

    public void Warn(string code, string message, string location = "", string hint = "") =>
        Add(new Diagnostic(code, Severity.Warning, message, location, hint));

    public void Add(Diagnostic diagnostic)
    {
        lock (gate)
        {
            items.Add(diagnostic);
        }
    }
}
