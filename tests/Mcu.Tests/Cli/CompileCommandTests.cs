using System.Text.Json;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

public sealed class CompileCommandTests
{
    private readonly string place = Path.Combine(TestFolder.Create("compile"), "out");

    [Fact]
    public void Compile_writes_the_folder_and_prints_its_report_as_one_document()
    {
        ToolRun run = Compile("--adapter", DemoFiles.Adapter("factory-lora"), "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement report = run.Json();
        JsonSchema.Load("compile").Check(report);
        Assert.Equal("factory-lora", Assert.Single(report.GetProperty("adapters").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(File.ReadAllText(Path.Combine(place, "report.json")), run.Output);
        Assert.All((string[])["mcu.json", "report.html", "CMakeLists.txt"], file => Assert.True(File.Exists(Path.Combine(place, file)), file));
    }

    [Fact]
    public void Two_runs_give_the_same_bytes_also_over_an_earlier_output()
    {
        string other = place + "-other";
        Compile();
        Dictionary<string, string> first = Contents(place);
        Assert.Equal(0, Compile().ExitCode);
        Assert.Equal(0, CommandLineTests.InProcess("compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "-o", other).ExitCode);
        Assert.Equal(first, Contents(place));
        Assert.Equal(first, Contents(other));
    }

    [Fact]
    public void A_float_base_without_calibration_exits_1_says_what_to_give_and_writes_nothing()
    {
        ToolRun run = CommandLineTests.InProcess("compile", DemoFiles.Base, "-o", place);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0717", run.Error, StringComparison.Ordinal);
        Assert.Contains("--calibration", run.Error, StringComparison.Ordinal);
        AssertNothingWritten();
    }

    [Theory]
    [InlineData("--budget-ram", "1", "MCU0801")]
    [InlineData("--budget-flash", "1K", "MCU0802")]
    public void An_exceeded_budget_exits_2_and_writes_nothing(string option, string budget, string code)
    {
        ToolRun run = Compile(option, budget, "--json");
        Assert.Equal(2, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("error").Check(document);
        Assert.Equal(code, document.GetProperty("error").GetProperty("code").GetString());
        AssertNothingWritten();
    }

    [Theory]
    [InlineData("1M", 0)]
    [InlineData("1MiB", 0)]
    [InlineData("1000000", 0)]
    [InlineData("lots", 1)]
    [InlineData("-1", 1)]
    [InlineData("1T", 1)]
    [InlineData("99999999999999999999", 1)]
    [InlineData("9223372036854775807M", 1)]
    public void Budgets_are_numbers_of_bytes_with_a_unit(string budget, int exit) =>
        Assert.Equal(exit, Compile("--budget-ram", budget).ExitCode);

    [Theory]
    [InlineData("--adapter-mode", "both", "auto, merge, side")]
    [InlineData("--optimize", "size", "speed, ram, flash")]
    [InlineData("--calibration-method", "max", "min-max, percentile, mse")]
    [InlineData("--target", "cortex-m99", "cortex-m4")]
    public void An_unknown_word_of_an_option_exits_1_and_lists_the_words(string option, string word, string words)
    {
        ToolRun run = Compile(option, word);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        AssertNothingWritten();
    }

    [Fact]
    public void A_folder_with_other_files_is_refused_before_the_work()
    {
        Directory.CreateDirectory(place);
        File.WriteAllText(Path.Combine(place, "mine.txt"), "mine");
        ToolRun run = Compile();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0111", run.Error, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Contents(place).Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("--")]
    public void A_name_of_which_no_identifier_can_be_made_is_refused(string name)
    {
        ToolRun run = CommandLineTests.InProcess(["compile", DemoFiles.Base, .. name.Length == 0 ? (string[])["--name", ""] : [$"--name={name}"], "-o", place]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0138", run.Error, StringComparison.Ordinal);
        AssertNothingWritten();
    }

    [Fact]
    public void A_missing_base_is_one_line_with_its_path()
    {
        ToolRun run = CommandLineTests.InProcess("compile", "no-such.tflite", "-o", place);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("no-such.tflite: error MCU0101:", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        AssertNothingWritten();
    }

    [Fact]
    public async Task A_cancelled_compilation_exits_130_and_writes_nothing()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        ToolRun run = await CommandLineTests.InProcessAsync(["compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "-o", place], source.Token);
        Assert.Equal(130, run.ExitCode);
        AssertNothingWritten();
    }

    [Fact]
    public void The_graph_after_each_pass_is_dumped_on_stderr()
    {
        ToolRun run = Compile("--dump", "--json");
        Assert.Contains("== read", run.Error, StringComparison.Ordinal);
        Assert.Contains("== quantise", run.Error, StringComparison.Ordinal);
        run.Json();
    }

    private static Dictionary<string, string> Contents(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllText, StringComparer.Ordinal);

    private ToolRun Compile(params string[] more) =>
        CommandLineTests.InProcess(["compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "-o", place, .. more]);

    private void AssertNothingWritten() => Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(place)!));
}
