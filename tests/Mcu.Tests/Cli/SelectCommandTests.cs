using System.Text.Json;
using Google.Protobuf;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.Adapters;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

public sealed class SelectCommandTests
{
    private static readonly string[] Data =
    [
        "--data", DemoFiles.Samples("factory"), "--labels", DemoFiles.Labels("factory"), "--data-scale", DemoFiles.Scale, "--data-zero-point", DemoFiles.ZeroPoint,
    ];

    [Theory]
    [InlineData("700", "free")]
    [InlineData("1500", "rows")]
    public void The_image_keeps_its_budget_and_gives_the_accuracy_of_its_curve(string budget, string structure)
    {
        string image = Path.Combine(TestFolder.Create("select"), "small.mcud");
        JsonElement document = Select(image, [.. Data, "--json", "--budget", budget, "--structure", structure]).Json();
        JsonSchema.Load("select").Check(document);
        Assert.Equal("activation", document.GetProperty("importance").GetString());
        long bytes = new FileInfo(image).Length;
        Assert.Equal(bytes, document.GetProperty("bytes").GetInt64());
        Assert.InRange(bytes, 100, int.Parse(budget, System.Globalization.CultureInfo.InvariantCulture));

        JsonElement point = Assert.Single(document.GetProperty("curve").EnumerateArray(), p => p.GetProperty("is_chosen").GetBoolean());
        JsonElement eval = CommandLineTests.InProcess(
            ["eval", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", image, "--on", "reference", "--json", .. Data]).Json();
        Assert.Equal(eval.GetProperty("accuracy").GetDouble(), point.GetProperty("accuracy").GetDouble(), 12);
    }

    /// <summary>A fine-tuned model beside its base: every weight of a layer and the head's bias are other ones.</summary>
    [Fact]
    public void The_best_part_of_a_dense_fine_tuned_model_keeps_its_budget_too()
    {
        var random = new Random(3);
        ModelProto tuned = ModelProto.Parser.ParseFrom(File.ReadAllBytes(DemoFiles.Base));
        foreach (string name in (string[])["block2.pw.weight", "head.bias"])
        {
            OnnxAdapterMerge.Replace(tuned, name, [.. OnnxAdapterMerge.ValuesOf(tuned, name).Select(v => v + ((random.NextSingle() - 0.5f) * 0.1f))]);
        }

        string folder = TestFolder.Create("select");
        string model = Path.Combine(folder, "tuned.onnx");
        File.WriteAllBytes(model, tuned.ToByteArray());
        string image = Path.Combine(folder, "small.mcud");
        ToolRun run = CommandLineTests.InProcess("select", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", model, "--budget", "600", "-o", image, "--json");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.InRange(new FileInfo(image).Length, 300, 600);
        JsonElement[] curve = [.. run.Json().GetProperty("curve").EnumerateArray()];
        Assert.True(curve[^1].GetProperty("bytes").GetInt64() > 1000, "the whole change is not larger than the budget");
    }

    [Fact]
    public void Activations_on_data_choose_better_than_magnitude()
    {
        double byActivation = ChosenAccuracy("activation");
        double byMagnitude = ChosenAccuracy("magnitude");
        Assert.True(byActivation > byMagnitude + 0.1, $"{byActivation} by activation, {byMagnitude} by magnitude");
    }

    [Theory]
    [InlineData("MCU1301", "--budget", "90")]
    [InlineData("MCU1303", "--budget", "900", "--importance", "activation")]
    [InlineData("MCU1302", "--budget", "900", "--adapter", "other.mcud")]
    public void What_cannot_be_selected_is_refused_and_nothing_is_written(string code, params string[] options)
    {
        string image = Path.Combine(TestFolder.Create("select"), "small.mcud");
        ToolRun run = Select(image, options);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(image));
    }

    [Fact]
    public void Labels_need_samples()
    {
        ToolRun run = Select(Path.Combine(TestFolder.Create("select"), "small.mcud"), ["--budget", "900", "--labels", DemoFiles.Labels("factory")]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU1304", run.Error, StringComparison.Ordinal);
    }

    private static double ChosenAccuracy(string importance)
    {
        string image = Path.Combine(TestFolder.Create("select"), "small.mcud");
        JsonElement document = Select(image, [.. Data, "--json", "--budget", "1024", "--importance", importance]).Json();
        return document.GetProperty("curve").EnumerateArray().Single(p => p.GetProperty("is_chosen").GetBoolean()).GetProperty("accuracy").GetDouble();
    }

    private static ToolRun Select(string image, string[] more) => CommandLineTests.InProcess(
        ["select", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-lora"), "-o", image, .. more]);
}
