using System.Globalization;
using System.Text.Json;
using Mcu.Emulation;
using Mcu.Generator.Emit;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

/// <summary><c>mcu compare</c> on two compiled folders of the demo network.</summary>
public sealed class CompareCommandTests
{
    private static Int8Model Model => AdaptedModel.Of("demo").Base;

    [Fact]
    public void Kernels_of_two_kinds_give_the_same_bytes_and_other_figures()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu, ToolKind.HostCompiler);
        string portable = Folder(KernelSet.Portable);
        string dsp = Folder(KernelSet.Dsp);

        ToolRun run = Tool.Run("compare", portable, dsp, "--samples", "2", "--json");

        Assert.Equal(0, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("compare").Check(document);
        Assert.Equal("qemu:cortex-m4", document.GetProperty("place").GetString());
        Assert.Equal(2, document.GetProperty("samples").GetInt32());
        Assert.Equal(0, document.GetProperty("different_samples").GetArrayLength());
        Assert.False(document.GetProperty("is_same").GetBoolean());
        (long before, long after) = Figure(document, "instructions (median)");
        Assert.InRange(after, before / 20, before / 2);
        Assert.Equal((EmittedManifest.Load(portable).ArenaBytes, EmittedManifest.Load(dsp).ArenaBytes), Figure(document, "arena bytes"));
        foreach (JsonElement figure in document.GetProperty("figures").EnumerateArray())
        {
            (long old, long now) = Figure(document, figure.GetProperty("name").GetString()!);
            Assert.Equal(now - old, figure.GetProperty("change").GetInt64());
            if (old != 0)
            {
                Assert.Equal(100.0 * (now - old) / old, figure.GetProperty("percent").GetDouble(), 9);
            }
        }
    }

    /// <summary>Portable kernels need more instructions and less code or the same; outputs are equal.</summary>
    [Fact]
    public void Growth_fails_on_demand_in_the_direction_in_which_it_is_growth()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu, ToolKind.HostCompiler);
        string dsp = Folder(KernelSet.Dsp);
        string portable = Folder(KernelSet.Portable);

        ToolRun slower = Tool.Run("compare", dsp, portable, "--samples", "1", "--fail-on", "growth", "--fail-on", "outputs", "--json");
        Assert.Equal(4, slower.ExitCode);
        Assert.Contains("--fail-on growth: instructions (median)", slower.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--fail-on outputs", slower.Error, StringComparison.Ordinal);
        string?[] grown = [.. slower.Json().GetProperty("figures").EnumerateArray().Where(f => f.GetProperty("change").GetInt64() > 0).Select(f => f.GetProperty("name").GetString())];
        Assert.Equal(grown, slower.Json().GetProperty("grown").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(0, Tool.Run("compare", dsp, portable, "--samples", "1", "--fail-on", "outputs").ExitCode);
        Assert.Equal(0, Tool.Run("compare", dsp, dsp, "--samples", "1", "--fail-on", "growth", "--fail-on", "outputs").ExitCode);
    }

    [Fact]
    public void Equal_folders_are_the_same()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        string folder = Folder(KernelSet.Portable);

        ToolRun run = Tool.Run("compare", folder, folder, "--on", "host", "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.True(run.Json().GetProperty("is_same").GetBoolean());
    }

    /// <summary>A bias of the last layer before the softmax is far off: every input's outputs differ.</summary>
    [Fact]
    public void Other_outputs_are_told_as_text_as_json_and_as_markdown()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        string before = Folder(KernelSet.Portable);
        SortedDictionary<string, string> files = Firmware.Emit(Model, "host", "net", KernelSet.Portable);
        string weights = files["net_weights.c"];
        int at = weights.IndexOf('{', weights.IndexOf("net_l10_bias[", StringComparison.Ordinal)) + 1;
        files["net_weights.c"] = weights[..at] + "900000" + weights[weights.IndexOf(',', at)..];
        string after = Firmware.Write(files);

        ToolRun text = Tool.Run("compare", before, after, "--on", "host", "--samples", "3");
        JsonElement document = Tool.Run("compare", before, after, "--on", "host", "--samples", "3", "--json").Json();
        ToolRun markdown = Tool.Run("compare", before, after, "--on", "host", "--samples", "3", "--markdown");

        Assert.Equal((0, 0), (text.ExitCode, markdown.ExitCode));
        ToolRun failing = Tool.Run("compare", before, after, "--on", "host", "--samples", "3", "--fail-on", "outputs");
        Assert.Equal((4, text.Output), (failing.ExitCode, failing.Output));
        Assert.Contains("--fail-on outputs: they differ", failing.Error, StringComparison.Ordinal);
        Assert.Equal(0, Tool.Run("compare", before, after, "--on", "host", "--samples", "3", "--fail-on", "growth").ExitCode);
        Assert.Equal([0, 1, 2], document.GetProperty("different_samples").EnumerateArray().Select(i => i.GetInt32()));
        int largest = document.GetProperty("largest_difference").GetInt32();
        Assert.InRange(largest, 1, 255);
        string sentence = string.Create(CultureInfo.InvariantCulture, $"Outputs differ for 3 of 3 generated inputs (first: 0), by {largest} steps at most.");
        Assert.Contains(sentence, text.Output, StringComparison.Ordinal);
        Assert.Contains("weight bytes", text.Output, StringComparison.Ordinal);

        string[] lines = markdown.Output.TrimEnd().Split('\n');
        Assert.Equal("| host | before | after | change |", lines[0]);
        Assert.Equal("|---|---:|---:|---:|", lines[1]);
        Assert.All(lines[2..^2], line => Assert.Equal(5, line.Count(c => c == '|')));
        Assert.Equal(document.GetProperty("figures").EnumerateArray().Select(f => f.GetProperty("name").GetString()), lines[2..^2].Select(line => line.Split('|')[1].Trim()));
        string arena = document.GetProperty("figures").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "arena bytes").GetProperty("before").GetInt64().ToString("N0", CultureInfo.InvariantCulture);
        Assert.Contains($"| arena bytes | {arena} | {arena} | 0 |", lines);
        Assert.Equal(["", sentence], lines[^2..]);
    }

    [Fact]
    public void Networks_of_other_sizes_and_wrong_requests_are_mistakes()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        string folder = Folder(KernelSet.Portable);
        using var other = new FakeModel();

        AssertRefused("MCU1124", "compare", folder, other.Folder, "--on", "host");
        AssertRefused("MCU1080", "compare", folder, Path.GetTempPath(), "--on", "host");
        AssertRefused("MCU0512", "compare", folder, folder, "--on", "host", "--adapter-index", "3");
        Assert.Equal(1, Tool.Run("compare", folder, folder, "--samples", "0").ExitCode);
        Assert.Equal(1, Tool.Run("compare", folder).ExitCode);
        Assert.Equal(1, Tool.Run("compare", folder, folder, "--fail-on", "anything").ExitCode);
    }

    private static void AssertRefused(string code, params string[] arguments)
    {
        ToolRun run = Tool.Run([.. arguments, "--json"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal(code, run.Json().GetProperty("error").GetProperty("code").GetString());
    }

    private static (long Before, long After) Figure(JsonElement document, string name)
    {
        JsonElement figure = document.GetProperty("figures").EnumerateArray().Single(f => f.GetProperty("name").GetString() == name);
        return (figure.GetProperty("before").GetInt64(), figure.GetProperty("after").GetInt64());
    }

    private static string Folder(KernelSet kernels) => Firmware.Write(Firmware.Emit(Model, "cortex-m4", "net", kernels));
}
