using System.Text.Json;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

public sealed class EvalCommandTests
{
    private static readonly string[] Data = ["--data-scale", DemoFiles.Scale, "--data-zero-point", DemoFiles.ZeroPoint];

    /// <summary>The accuracies were computed by other programs when the demo was made.</summary>
    [Theory]
    [InlineData("base", "clean")]
    [InlineData("base", "accent")]
    [InlineData("base", "factory")]
    [InlineData("accent-lora", "accent")]
    [InlineData("factory-lora", "factory")]
    [InlineData("factory-bitfit", "factory")]
    public void Float_accuracy_of_the_demo_is_what_it_was_when_it_was_made(string adapter, string domain)
    {
        string[] active = adapter == "base" ? [] : ["--adapter", DemoFiles.Adapter(adapter)];
        JsonElement document = Eval(domain, ["--on", "float", "--json", .. Data, .. active]).Json();
        JsonSchema.Load("eval").Check(document);
        Assert.Equal(160, document.GetProperty("samples").GetInt32());
        Assert.Equal(DemoFiles.FloatAccuracy(adapter, domain), 100 * document.GetProperty("accuracy").GetDouble(), 0.0051);
    }

    [Fact]
    public void Predictions_are_counted_against_the_last_column_of_the_labels()
    {
        JsonElement document = Eval("clean", ["--on", "float", "--json", .. Data]).Json();
        int[] predictions = [.. document.GetProperty("predictions").EnumerateArray().Select(value => value.GetInt32())];
        int[] labels = [.. File.ReadAllLines(DemoFiles.Labels("clean")).Select(line => int.Parse(line[(line.LastIndexOf(',') + 1)..], System.Globalization.CultureInfo.InvariantCulture))];
        int correct = predictions.Zip(labels).Count(pair => pair.First == pair.Second);
        Assert.Equal(correct, document.GetProperty("correct").GetInt32());
        Assert.Equal(correct / 160.0, document.GetProperty("accuracy").GetDouble(), 12);
    }

    [Theory]
    [InlineData("MCU0131", "0\n1\n")]
    [InlineData("MCU0132", "10\n")]
    [InlineData("MCU0130", "name,class\n")]
    public void Labels_that_do_not_fit_are_refused(string code, string firstLines)
    {
        string labels = Path.Combine(TestFolder.Create("labels"), "labels.csv");
        string rest = code == "MCU0131" ? "" : string.Concat(Enumerable.Repeat("0\n", 159));
        File.WriteAllText(labels, firstLines + rest);
        ToolRun run = CommandLineTests.InProcess(["eval", DemoFiles.Base, "--data", DemoFiles.Samples("clean"), "--labels", labels, "--on", "float", .. Data]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data-zero-point", "3")]
    [InlineData("--data-scale", "0")]
    [InlineData("--data-scale", "-1")]
    [InlineData("--data-scale", "NaN")]
    [InlineData("--data-scale", "1", "--data-zero-point", "200")]
    public void Parameters_of_the_data_that_are_not_usable_are_refused(params string[] parameters)
    {
        ToolRun run = Eval("clean", ["--on", "float", .. parameters]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0134", run.Error, StringComparison.Ordinal);
    }

    private static ToolRun Eval(string domain, string[] more) =>
        CommandLineTests.InProcess(["eval", DemoFiles.Base, "--data", DemoFiles.Samples(domain), "--labels", DemoFiles.Labels(domain), .. more]);
}
