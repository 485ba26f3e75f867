using System.Diagnostics;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.TestSuite;

/// <summary>Shows a run of the suite: failures as they come, a sparse count, and everything that did not pass at the end.</summary>
/// <param name="verbose">Whether to show what tests printed, too.</param>
internal sealed class TestPrinter(TextWriter output, bool verbose = false)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Stopwatch sinceLine = Stopwatch.StartNew();
    private int done;

    public void Ended(TestOutcome outcome)
    {
        done++;
        if (verbose && outcome.Output.Trim() is { Length: > 0 } text)
        {
            output.WriteLine(Printable.Text(outcome.Name));
            foreach (string line in text.Split('\n'))
            {
                output.WriteLine($"    {Printable.Text(line.TrimEnd())}");
            }
        }

        if (outcome.Verdict == Verdict.Failed)
        {
            output.WriteLine($"FAILED {Printable.Text(outcome.Name)}");
        }
        else if (sinceLine.Elapsed < Pause)
        {
            return;
        }

        output.WriteLine($"  {done} tests done");
        output.Flush();
        sinceLine.Restart();
    }

    public void Finish(TestReport report)
    {
        PrintSkipped(report);
        PrintFailed(report);
        output.WriteLine(report.Summary);
    }

    private void PrintSkipped(TestReport report)
    {
        foreach (IGrouping<string, TestOutcome> reason in report.With(Verdict.Skipped).GroupBy(outcome => outcome.Message, StringComparer.Ordinal))
        {
            output.WriteLine($"SKIPPED, {Printable.Text(reason.Key)}:");
            foreach (TestOutcome outcome in reason)
            {
                output.WriteLine($"  {Printable.Text(outcome.Name)}");
            }
        }
    }

    private void PrintFailed(TestReport report)
    {
        foreach (TestOutcome outcome in report.With(Verdict.Failed))
        {
            output.WriteLine($"FAILED {Printable.Text(outcome.Name)}");
            foreach (string line in $"{outcome.Message}\n{outcome.Place}".TrimEnd().Split('\n'))
            {
                output.WriteLine($"    {line.TrimEnd()}");
            }
        }
    }
}
