using System.Globalization;
using System.Text.Json;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary><c>mcu compile --lang nanoframework --form managed|interop|auto</c> as a user gives it, on the demo's network and adapters.</summary>
public sealed class FormCommandTests
{
    private static readonly string[] Demo = [DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("accent-lora"), "--lang", "nanoframework", "--target", "host"];

    private readonly string folder = TestFolder.Create("forms");

    [Fact]
    public async Task The_native_folder_is_a_folder_of_C_that_runs()
    {
        await Firmware.SkipWithoutToolsAsync("host");
        string place = Compile("Kws", "--form", "interop").Place;
        string samples = Int8Samples();

        Assert.Equal(0, CommandLineTests.InProcess(["run", Path.Combine(place, "native"), "--on", "host", "--adapter-index", "1", "--input", samples, "-o", Output("native")]).ExitCode);
        Assert.Equal("MCU1516", Code("run", place, "--on", "managed", "--input", samples, "-o", Output("x")));
        ToolRun host = CommandLineTests.InProcess(["run", place, "--on", "host", "--input", samples, "-o", Output("x"), "--json"]);
        Assert.Equal("MCU1505", host.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("'native'", host.Json().GetProperty("error").GetProperty("hint").GetString(), StringComparison.Ordinal);

        string managed = Compile("Managed", "--form", "managed").Place;
        Assert.Equal(0, CommandLineTests.InProcess(["run", managed, "--on", "managed", "--adapter-index", "1", "--input", samples, "-o", Output("managed")]).ExitCode);
        Assert.Equal(Bytes("managed"), Bytes("native"));
    }

    [Fact]
    public void A_folder_changes_its_form_without_remains()
    {
        string place = Compile("Kws", "--form", "interop").Place;
        Assert.True(File.Exists(Path.Combine(place, "native/kws_demo.c")));

        Compile("Kws", "--form", "managed");

        Assert.DoesNotContain(Directory.GetFiles(place, "*", SearchOption.AllDirectories), f => Path.GetExtension(f) is ".c" or ".cpp" or ".h" or ".cmake");
        Assert.True(File.Exists(Path.Combine(place, "Mcu/Conv2D.cs")));
    }

    [Theory]
    [InlineData("managed", "within", "--ns-per-il", "1")]
    [InlineData("managed", "within", "--max-time", "1e8")]
    [InlineData("interop", "more than", "--ns-per-il", "1e6")]
    [InlineData("interop", "more than", "--max-time", "0.001")]
    [InlineData("interop", "budget", "--budget-ram", "16000")]
    public void The_choice_says_why(string form, string reason, params string[] options)
    {
        (string place, JsonElement report) = Compile("Kws", ["--form", "auto", .. options]);

        JsonElement chosen = report.GetProperty("form");
        Assert.Equal(form, chosen.GetProperty("name").GetString());
        Assert.Contains(reason, chosen.GetProperty("choice").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(form == "interop", Directory.Exists(Path.Combine(place, "native")));
    }

    [Fact]
    public void A_network_that_has_no_managed_form_calls_native_code()
    {
        string place = Path.Combine(folder, "Ad");
        ToolRun run = CommandLineTests.InProcess(["compile", TestData.Shared("mlperf-tiny/ad_int8.tflite"), "--lang", "nanoframework", "--form", "auto", "--weights", "code", "-o", place]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("form interop because there is no managed form: The constants take", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(place, "native/mcu.json")));
    }

    [Fact]
    public void Constants_beyond_an_assembly_are_refused_in_code_and_nothing_is_written()
    {
        string place = Path.Combine(folder, "Ad");
        ToolRun run = CommandLineTests.InProcess(
            ["compile", TestData.Shared("mlperf-tiny/ad_int8.tflite"), "--lang", "nanoframework", "--form", "managed", "--weights", "code", "-o", place, "--json"]);

        JsonElement error = run.Json().GetProperty("error");
        Assert.Equal((1, "MCU1502"), (run.ExitCode, error.GetProperty("code").GetString()));
        Assert.Contains("--weights image", error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(place));
    }

    /// <summary>The demo's network is small; this one needs more heap than a board is taken to have, and is fast enough.</summary>
    [Theory]
    [InlineData("interop", "without --budget-ram 131,072 are taken to be there")]
    [InlineData("interop", "the budget is 300,000", "--budget-ram", "300000")]
    [InlineData("managed", "bytes of heap", "--budget-ram", "800000")]
    public void A_large_heap_is_chosen_where_the_board_has_it(string form, string reason, params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["compile", TestData.Shared("mlperf-tiny/ad_int8.tflite"), "--lang", "nanoframework", "--form", "auto", .. options, "-o", Path.Combine(folder, "Ad"), "--json"]);

        JsonElement chosen = run.Json().GetProperty("form");
        Assert.Equal(form, chosen.GetProperty("name").GetString());
        Assert.Contains(reason, chosen.GetProperty("choice").GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_says_what_the_managed_form_needs()
    {
        (string place, JsonElement report) = Compile("Kws", "--ns-per-il", "250");
        JsonElement form = report.GetProperty("form");
        long instructions = form.GetProperty("il_instructions").GetInt64();

        Assert.Equal("managed", form.GetProperty("name").GetString());
        Assert.Equal(instructions * 250 / 1e6, form.GetProperty("milliseconds").GetDouble(), 1e-9);
        Assert.Contains($"{instructions:N0} executed IL instructions", File.ReadAllText(Path.Combine(place, "report.html")), StringComparison.Ordinal);
        Assert.Contains($"| heap | {form.GetProperty("heap_bytes").GetInt64()} bytes:", File.ReadAllText(Path.Combine(place, "README.md")), StringComparison.Ordinal);

        // What runs hardly depends on the input, so the count is near that of another sample's run.
        ToolRun run = CommandLineTests.InProcess(["run", place, "--on", "managed", "--input", Int8Samples(), "-o", Output("x"), "--json"]);
        Assert.InRange(run.Json().GetProperty("instructions").GetProperty("median").GetInt64(), instructions * 0.99, instructions * 1.01);
        Assert.Equal(form.GetProperty("heap_bytes").GetInt64(), run.Json().GetProperty("ram_bytes").GetInt64());
    }

    /// <summary>The threshold is where the estimate is the limit: just below it --form auto takes managed, just above interop.</summary>
    [Fact]
    public void The_cost_above_which_native_code_is_advised_is_where_the_choice_turns()
    {
        string[] words = ["compile", .. Demo, "-o", Path.Combine(folder, "Kws"), "--ns-per-il", "250"];
        JsonElement form = Compile("Kws", "--ns-per-il", "250").Report.GetProperty("form");
        double above = form.GetProperty("interop_above_ns_per_il").GetDouble();
        string chosen(double cost) => Compile("Auto", "--form", "auto", "--ns-per-il", cost.ToString("R", CultureInfo.InvariantCulture)).Report.GetProperty("form").GetProperty("name").GetString()!;

        Assert.Equal(1000e6 / form.GetProperty("il_instructions").GetInt64(), above, 1e-9);
        Assert.Equal("managed", chosen(above * 0.999));
        Assert.Equal("interop", chosen(above * 1.001));
        string line = $"--form interop is advised above {above.ToString("N1", CultureInfo.InvariantCulture)} ns an IL instruction, where an inference takes more than 1,000 ms";
        Assert.Contains(line, CommandLineTests.InProcess(words).Output.Split('\n'));
        Assert.Contains(line["--form ".Length..], File.ReadAllText(Path.Combine(folder, "Kws/report.html")), StringComparison.Ordinal);
        Assert.DoesNotContain("advised", CommandLineTests.InProcess([.. words[..^2]]).Output, StringComparison.Ordinal);
        Assert.Equal(5, Compile("Short", "--form", "auto", "--ns-per-il", "0.001", "--max-time", "5").Report.GetProperty("form").GetProperty("max_milliseconds").GetDouble());
    }

    [Fact]
    public void Over_native_code_the_heap_is_the_arena_and_nothing_counts_instructions()
    {
        JsonElement report = Compile("Kws", "--form", "interop").Report;
        JsonElement form = report.GetProperty("form");

        Assert.InRange(form.GetProperty("heap_bytes").GetInt64() - report.GetProperty("arena_bytes").GetInt64(), 0, 15);
        Assert.False(form.TryGetProperty("il_instructions", out _));
        Assert.False(form.TryGetProperty("milliseconds", out _));
        Assert.False(form.TryGetProperty("interop_above_ns_per_il", out _));
    }

    /// <summary>Instructions times their cost, by hand.</summary>
    [Fact]
    public void The_estimate_is_instructions_times_their_cost()
    {
        JsonElement choice = Compile("Kws", "--form", "auto", "--ns-per-il", "250").Report.GetProperty("form").GetProperty("choice");

        Assert.Equal(choice.GetProperty("il_instructions").GetInt64() * 250 / 1e6, choice.GetProperty("milliseconds").GetDouble(), 1e-9);
        Assert.Equal(1000, choice.GetProperty("max_milliseconds").GetDouble());
    }

    [Fact]
    public void A_form_that_the_user_names_has_no_reason() => Assert.False(Compile("Kws", "--form", "managed").Report.GetProperty("form").TryGetProperty("choice", out _));

    [Fact]
    public void The_same_input_gives_the_same_folder()
    {
        string[] contents(string name) => [.. Directory.GetFiles(Compile(name, "--form", "auto", "--ns-per-il", "1e6").Place, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => Path.GetFileName(f) + " " + File.ReadAllText(f))];

        Assert.Equal(contents("first"), contents("second"));
    }

    [Theory]
    [InlineData("MCU1408", "--form", "zephyr")]
    [InlineData("MCU1408", "--form", "managed", "--form", "cmake")]
    [InlineData("MCU1512", "--form", "managed", "--form", "interop")]
    [InlineData("MCU1512", "--form", "interop", "--lang", "c")]
    [InlineData("MCU1513", "--form", "managed", "--max-time", "5")]
    [InlineData("MCU1513", "--form", "interop", "--ns-per-il", "5")]
    [InlineData("MCU1513", "--ns-per-il", "5", "--lang", "c")]
    [InlineData("MCU1513", "--max-time", "5")]
    [InlineData("MCU1513", "--max-time", "5", "--lang", "c")]
    [InlineData("MCU1514", "--form", "interop", "--weights", "image")]
    [InlineData("MCU1503", "--form", "interop", "--deltas", "1")]
    [InlineData("MCU0001", "--form", "auto", "--ns-per-il", "0")]
    [InlineData("MCU0001", "--form", "auto", "--max-time", "-3")]
    [InlineData("MCU0001", "--form", "auto", "--max-time", "NaN")]
    public void Options_that_do_not_fit_are_refused(string code, params string[] options)
    {
        string[] words = [DemoFiles.Base, "--calibration", DemoFiles.Calibration, .. options, .. options.Contains("--lang") ? [] : new[] { "--lang", "nanoframework" }];

        Assert.Equal(code, Code("compile", [.. words, "-o", Path.Combine(folder, "none")]));
        Assert.False(Directory.Exists(Path.Combine(folder, "none")));
    }

    private (string Place, JsonElement Report) Compile(string name, params string[] options)
    {
        string place = Path.Combine(folder, name);
        ToolRun run = CommandLineTests.InProcess(["compile", .. Demo, .. options, "-o", place, "--json"]);
        Assert.Equal(0, run.ExitCode);
        JsonElement report = run.Json();
        JsonSchema.Load("compile").Check(report);
        return (place, report);
    }

    private static string Code(string command, params string[] words)
    {
        ToolRun run = CommandLineTests.InProcess([command, .. words, "--json"]);
        Assert.Equal(1, run.ExitCode);
        return run.Json().GetProperty("error").GetProperty("code").GetString()!;
    }

    private string Output(string name) => Path.Combine(folder, name + ".bin");

    private byte[] Bytes(string name) => File.ReadAllBytes(Output(name));

    private string Int8Samples()
    {
        string path = Path.Combine(folder, "int8.bin");
        File.WriteAllBytes(path, File.ReadAllBytes(TestData.Repo("tests/demo/calibration.bin"))[..(3 * DemoFiles.Elements)]);
        return path;
    }
}
