using System.Text.Json;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary><c>mcu eval --on managed</c> and <c>--on nanoclr</c> predict what the int8 reference predicts, on labelled samples of the demo.</summary>
public sealed class ManagedEvalTests
{
    private const int Samples = 160;

    [Theory]
    [InlineData("clean", 0)]
    [InlineData("factory", 1)]
    [InlineData("accent", 2)]
    public void The_managed_form_predicts_as_the_reference(string domain, int adapter) => Compare("managed", domain, adapter);

    [Theory]
    [InlineData("clean", 0)]
    [InlineData("accent", 2)]
    public void The_interpreter_predicts_as_the_reference(string domain, int adapter)
    {
        NanoClrTests.Require();
        Compare("nanoclr", domain, adapter);
    }

    private static void Compare(string on, string domain, int adapter)
    {
        JsonElement expected = Eval("reference", domain, adapter);
        JsonElement actual = Eval(on, domain, adapter);

        Assert.Equal(on, actual.GetProperty("on").GetString());
        Assert.Equal(Samples, actual.GetProperty("samples").GetInt32());
        Assert.Equal(expected.GetProperty("accuracy").GetDouble(), actual.GetProperty("accuracy").GetDouble());
        Assert.Equal(Predictions(expected), Predictions(actual));
        Assert.Equal(adapter, actual.GetProperty("adapter_index").GetInt32());

        // As good as the float network within two points, so the samples and labels are those that belong together.
        string name = adapter switch { 0 => "base", 1 => "factory-lora", _ => "accent-lora" };
        Assert.Equal(DemoFiles.FloatAccuracy(name, domain), 100 * actual.GetProperty("accuracy").GetDouble(), 2.0);
    }

    private static int[] Predictions(JsonElement document) => [.. document.GetProperty("predictions").EnumerateArray().Select(value => value.GetInt32())];

    private static JsonElement Eval(string on, string domain, int adapter)
    {
        ToolRun run = CommandLineTests.InProcess(
            "eval", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-lora"), "--adapter", DemoFiles.Adapter("accent-lora"),
            "--data", DemoFiles.Samples(domain), "--labels", DemoFiles.Labels(domain), "--data-scale", DemoFiles.Scale, "--data-zero-point", DemoFiles.ZeroPoint,
            "--on", on, "--adapter-index", $"{adapter}", "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("eval").Check(document);
        return document;
    }
}
