using Mcu.Tool.TestSuite;

namespace Mcu.Tests.Cli;

public sealed class TestSuiteTests
{
    /// <summary>Messages as the runner of xunit.net v3 4.0.2 printed them, shortened to the keys that are read.</summary>
    private static readonly string[] Recorded =
    [
        """{"$type":"discovery-complete","TestCasesToRun":3}""",
        """{"$type":"test-starting","TestUniqueID":"a","TestDisplayName":"N.C.Good","Timeout":0}""",
        """{"$type":"test-passed","TestUniqueID":"a","ExecutionTime":0.03}""",
        "hello from a test",
        """{"$type":"test-starting","TestUniqueID":"b","TestDisplayName":"N.C.Bad(a: 2)","Timeout":0}""",
        """{"$type":"test-failed","TestUniqueID":"b","Messages":["Values differ\nExpected: 1"],"StackTraces":["   at N.C.Bad"]}""",
        """{"$type":"test-starting","TestUniqueID":"c","TestDisplayName":"N.C.Later","Timeout":0}""",
        """{"$type":"test-skipped","TestUniqueID":"c","Reason":"needs x"}""",
        """{"$type":"test-assembly-finished","TestsFailed":1}""",
    ];

    [Fact]
    public void Outcomes_are_read_from_the_runners_messages()
    {
        TestMessages messages = Feed(Recorded);
        Assert.Equal(
            [
                new TestOutcome("N.C.Good", Verdict.Passed, "", ""),
                new TestOutcome("N.C.Bad(a: 2)", Verdict.Failed, "Values differ\nExpected: 1", "   at N.C.Bad"),
                new TestOutcome("N.C.Later", Verdict.Skipped, "needs x", ""),
            ],
            messages.Outcomes);
        Assert.True(messages.Finished);
    }

    [Fact]
    public void A_failing_clean_up_of_a_fixture_counts_as_a_failure()
    {
        TestMessages messages = Feed("""{"$type":"test-class-cleanup-failure","Messages":["gone"],"StackTraces":[""]}""");
        Assert.Equal(Verdict.Failed, Assert.Single(messages.Outcomes).Verdict);
    }

    [Fact]
    public void A_runner_that_dies_is_not_finished()
    {
        Assert.False(Feed(Recorded[..4]).Finished);
    }

    [Fact]
    public void A_truncated_message_is_passed_over()
    {
        Assert.Empty(Feed("""{"$type":"test-passed","TestUn""").Outcomes);
    }

    [Fact]
    public void The_last_line_is_the_count_and_failures_and_reasons_come_before_it()
    {
        using var text = new StringWriter { NewLine = "\n" };
        var report = new TestReport(Feed(Recorded).Outcomes);
        new TestPrinter(text).Finish(report);
        string[] lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal("1 passed, 1 failed, 1 skipped", lines[^1]);
        Assert.Contains("FAILED N.C.Bad(a: 2)", lines);
        Assert.Contains("    Expected: 1", lines);
        Assert.Contains("SKIPPED, needs x:", lines);
        Assert.Contains("  N.C.Later", lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_test_printed_is_shown_on_demand(bool verbose)
    {
        using var text = new StringWriter { NewLine = "\n" };
        TestMessages messages = Feed(Recorded[1], """{"$type":"test-passed","TestUniqueID":"a","Output":"3 bytes\r\nof 4\n"}""");

        new TestPrinter(text, verbose).Ended(messages.Outcomes[0]);

        Assert.Equal(verbose ? "N.C.Good\n    3 bytes\n    of 4\n" : "", text.ToString());
    }

    private static TestMessages Feed(params string[] lines)
    {
        var messages = new TestMessages();
        foreach (string line in lines)
        {
            messages.Take(line);
        }

        return messages;
    }
}
