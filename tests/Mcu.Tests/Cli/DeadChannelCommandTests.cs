using System.Text.Json;
using Mcu.Tests.Channels;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

/// <summary><c>--dead-channels</c> as users call it: the report, the ABI, and refusals by name.</summary>
public sealed class DeadChannelCommandTests
{
    private static readonly Lazy<string> Whole = new(() => Pack("whole", DeadDemo.Lora("dense"), "keep"));

    private readonly string folder = TestFolder.Create("channels");

    [Theory]
    [InlineData(8, null)]
    [InlineData(8, DeadDemo.Kept, "--deltas", "1", "--dead-channels", "remove")]
    [InlineData(0, "all", "--deltas", "1")]
    [InlineData(0, null, "--dead-channels", "keep")]
    public void The_report_and_the_abi_say_which_channels_are_there(int removed, string? channels, params string[] options)
    {
        JsonElement report = Ok("compile", ["compile", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "-o", folder, .. options]);

        Assert.Equal(removed, report.GetProperty("totals").GetProperty("removed_channels").GetInt32());
        Assert.Equal(removed / 2, report.GetProperty("layers").EnumerateArray().Single(l => l.GetProperty("name").GetString() == "block2.pw").GetProperty("removed_channels").GetInt32());
        Assert.Equal(removed > 0, File.ReadAllText(Path.Combine(folder, "report.html")).Contains("Removed because they were dead: 8 ", StringComparison.Ordinal));
        string[] abi = Directory.GetFiles(folder, "*.abi.txt");
        Assert.Equal(channels, abi.Length == 0 ? null : File.ReadAllLines(abi[0]).Single(l => l.StartsWith("layer ", StringComparison.Ordinal) && l.EndsWith(" block2.pw", StringComparison.Ordinal)).Split(' ')[11]);
    }

    [Fact]
    public void Compile_says_how_many_channels_went()
    {
        ToolRun run = CommandLineTests.InProcess("compile", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "-o", folder);

        Assert.Contains("dead channels removed: 8 of the outputs of layers with weights, in 2 of 12 layers", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Pack_refuses_by_layer_and_channel_what_the_firmware_lacks()
    {
        ToolRun run = CommandLineTests.InProcess(PackLine(DeadDemo.Lora("some", 2, 7, 8), Path.Combine(folder, "x.mcud"), "remove"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU1225", run.Error, StringComparison.Ordinal);
        Assert.Contains("'block2.pw' 7-8", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "x.mcud")));
    }

    [Fact]
    public void Apply_and_verify_refuse_an_image_that_needs_removed_channels_by_name()
    {
        string[] network = ["--calibration", DemoFiles.Calibration, "--dead-channels", "remove"];
        ToolRun apply = CommandLineTests.InProcess(["delta", "apply", DeadDemo.Base, Whole.Value, "-o", Path.Combine(folder, "x.npz"), .. network]);
        ToolRun verify = CommandLineTests.InProcess(["delta", "verify", Whole.Value, "--against", DeadDemo.Base, "--json", .. network]);

        Assert.Equal(1, apply.ExitCode);
        Assert.Contains("MCU1225", apply.Error, StringComparison.Ordinal);
        Assert.Contains("'block2.pw' 7-9", apply.Error, StringComparison.Ordinal);
        Assert.Equal(4, verify.ExitCode);
        JsonElement check = verify.Json().GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("check").GetString() == "network");
        Assert.Equal("MCU1225", check.GetProperty("code").GetString());
        Assert.Contains("'block2.pw' 7-9", check.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_needs_none_is_packed_again_and_fits()
    {
        string rows = Pack("rows", DeadDemo.Lora("rows", 1, 20), "keep");
        string[] against = ["--against", DeadDemo.Base, "--calibration", DemoFiles.Calibration];

        Assert.True(Ok("delta-verify", ["delta", "verify", rows, .. against]).GetProperty("ok").GetBoolean());
        ToolRun refused = CommandLineTests.InProcess(["delta", "verify", rows, "--dead-channels", "remove", "--json", .. against]);
        Assert.Contains("MCU1226", refused.Output, StringComparison.Ordinal);
        string again = Pack("again", rows, "remove");
        Assert.True(Ok("delta-verify", ["delta", "verify", again, .. against]).GetProperty("ok").GetBoolean());
        Assert.Contains("MCU1208", CommandLineTests.InProcess(["delta", "verify", again, "--dead-channels", "keep", "--json", .. against]).Output, StringComparison.Ordinal);
        Ok("compile", ["compile", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "-o", folder, "--deltas", "1", "--dead-channels", "remove"]);
        Assert.True(Ok("delta-verify", "delta", "verify", again, "--against", folder).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void A_compiled_in_adapter_beside_images_is_refused_by_name()
    {
        ToolRun run = CommandLineTests.InProcess(
            "compile", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "--adapter", DeadDemo.Lora("seven", 7), "-o", folder, "--deltas", "1", "--dead-channels", "remove");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0681", run.Error, StringComparison.Ordinal);
        Assert.Contains("'block2.pw' 7", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_selection_is_made_among_all_channels()
    {
        ToolRun run = CommandLineTests.InProcess(
            "select", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "--adapter", DeadDemo.Lora("selected", 1), "--budget", "400", "--dead-channels", "remove", "-o", Path.Combine(folder, "x.mcud"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU1305", run.Error, StringComparison.Ordinal);
    }

    private static string Pack(string name, string adapter, string channels)
    {
        string output = Path.Combine(TestFolder.Create("packed"), name + ".mcud");
        Ok("delta", PackLine(adapter, output, channels));
        return output;
    }

    private static string[] PackLine(string adapter, string output, string channels) =>
        ["delta", "pack", DeadDemo.Base, "--calibration", DemoFiles.Calibration, "--adapter", adapter, "--adapter-mode", "side", "--dead-channels", channels, "-o", output];

    private static JsonElement Ok(string schema, params string[] arguments)
    {
        ToolRun run = CommandLineTests.InProcess([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        JsonSchema.Load(schema).Check(run.Json());
        return run.Json();
    }
}
