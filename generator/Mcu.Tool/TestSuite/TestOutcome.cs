namespace Mcu.Tool.TestSuite;

internal enum Verdict
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>One test that ended.</summary>
/// <param name="Message">Why it failed or was skipped; empty when it passed.</param>
/// <param name="Place">Where it failed: the stack; empty otherwise.</param>
internal sealed record TestOutcome(string Name, Verdict Verdict, string Message, string Place)
{
    /// <summary>What the test printed, such as figures that it measured.</summary>
    public string Output { get; init; } = "";
}

/// <summary>What a run of the suite gave.</summary>
internal sealed record TestReport(IReadOnlyList<TestOutcome> Outcomes)
{
    public int Passed => Count(Verdict.Passed);

    public int Failed => Count(Verdict.Failed);

    public int Skipped => Count(Verdict.Skipped);

    /// <summary>The suite's last line, which scripts read.</summary>
    public string Summary => $"{Passed} passed, {Failed} failed, {Skipped} skipped";

    public IEnumerable<TestOutcome> With(Verdict verdict) => Outcomes.Where(outcome => outcome.Verdict == verdict);

    private int Count(Verdict verdict) => With(verdict).Count();
}
