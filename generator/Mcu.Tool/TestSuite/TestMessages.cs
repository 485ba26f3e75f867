using System.Text.Json;

namespace Mcu.Tool.TestSuite;

/// <summary>
/// Follows the messages that the xunit.net v3 runner prints with <c>-reporter json</c>, one a line, and collects how
/// each test ended. Lines that are no messages (a test's own output) are passed over.
/// </summary>
internal sealed class TestMessages
{
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly List<TestOutcome> outcomes = [];

    /// <summary>Whether the runner said that it ended, as opposed to a process that died.</summary>
    public bool Finished { get; private set; }

    public IReadOnlyList<TestOutcome> Outcomes => outcomes;

    /// <summary>Takes one line; returns the outcome when the line ends a test.</summary>
    public TestOutcome? Take(string line)
    {
        if (!line.StartsWith("{\"$type\":", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using JsonDocument message = JsonDocument.Parse(line);
            TestOutcome? outcome = Interpret(message.RootElement);
            if (outcome is not null)
            {
                outcomes.Add(outcome);
            }

            return outcome;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Adds the failure of a runner that did not say that it ended.</summary>
    public void AddCrash(string message) => outcomes.Add(new TestOutcome("the test process", Verdict.Failed, message, ""));

    private TestOutcome? Interpret(JsonElement message)
    {
        string type = Text(message, "$type");
        switch (type)
        {
            case "test-starting":
                names[Text(message, "TestUniqueID")] = Text(message, "TestDisplayName");
                return null;
            case "test-assembly-finished":
                Finished = true;
                return null;
            case "test-passed":
                return new TestOutcome(NameOf(message), Verdict.Passed, "", "") { Output = Text(message, "Output") };
            case "test-skipped":
                return new TestOutcome(NameOf(message), Verdict.Skipped, Text(message, "Reason"), "");
            default:
                return IsFailure(type) ? new TestOutcome(NameOf(message), Verdict.Failed, Lines(message, "Messages"), Lines(message, "StackTraces")) { Output = Text(message, "Output") } : null;
        }
    }

    /// <summary>A test's own failure, that of a fixture's clean-up, or an error of the runner.</summary>
    private static bool IsFailure(string type) =>
        type is "test-failed" or "error" || type.EndsWith("-cleanup-failure", StringComparison.Ordinal);

    private string NameOf(JsonElement message) =>
        names.GetValueOrDefault(Text(message, "TestUniqueID")) ?? Text(message, "$type");

    private static string Text(JsonElement message, string key) =>
        message.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Lines(JsonElement message, string key) =>
        message.TryGetProperty(key, out JsonElement values) && values.ValueKind == JsonValueKind.Array
            ? string.Join('\n', values.EnumerateArray().Select(value => value.ToString()))
            : "";
}
