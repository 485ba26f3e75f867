using System.Text.Json.Nodes;
using Mcu.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

/// <summary>Every command that runs firmware takes <c>renode:TARGET</c> as it takes <c>qemu:TARGET</c>, and says the same.</summary>
public sealed class RenodeCommandTests
{
    /// <summary>Keys that name the place and what stands in for what there.</summary>
    private static readonly string[] OfThePlace = ["on", "place", "notes"];

    public static TheoryData<string, string> Cases => new()
    {
        { "run", "cortex-m85" }, { "run", "rv32imac" }, { "eval", "cortex-m4" }, { "bench", "cortex-m33" }, { "compare", "cortex-m4" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_document_is_that_of_QEMU(string command, string target)
    {
        DemoFiles.Require([ToolKind.HostCompiler, ToolKind.Renode, .. ToolProbe.KindsFor(Firmware.Target(target))]);
        JsonObject qemu = Document(command, "qemu:" + target, target);
        JsonObject renode = Document(command, "renode:" + target, target);
        Assert.Equal(Without(qemu), Without(renode));
    }

    [Fact]
    public void Notes_are_those_of_the_target_and_of_the_emulator()
    {
        DemoFiles.Require([ToolKind.HostCompiler, ToolKind.Renode, .. ToolProbe.KindsFor(Firmware.Target("cortex-m85"))]);
        string[] qemu = Notes("qemu:cortex-m85");
        string[] renode = Notes("renode:cortex-m85");
        Assert.Contains(qemu, note => note.Contains("mps3-an547", StringComparison.Ordinal));
        Assert.DoesNotContain(renode, note => note.Contains("QEMU", StringComparison.Ordinal));
        Assert.Contains(renode, note => note.Contains("GCC 12.2 does not know the Cortex-M85", StringComparison.Ordinal));

        static string[] Notes(string on) => [.. Document("run", on, "cortex-m85")["notes"]!.AsArray().Select(note => (string)note!)];
    }

    [Fact]
    public void Verify_compares_firmware_in_Renode_with_the_reference()
    {
        DemoFiles.Require([ToolKind.HostCompiler, ToolKind.Renode, .. ToolProbe.KindsFor(Firmware.Target("cortex-m4"))]);
        ToolRun run = CommandLineTests.InProcess("verify", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--on", "renode:cortex-m4", "--seeds", "1");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("ok     renode:cortex-m4 against the int8 reference, byte for byte", run.Output, StringComparison.Ordinal);
    }

    private static JsonObject Document(string command, string on, string target)
    {
        string[] network = [DemoFiles.Base, "--calibration", DemoFiles.Calibration];
        string[] words = command switch
        {
            "run" => [.. network, "--adapter", DemoFiles.Adapter("accent-lora"), "--input", DemoFiles.FloatSamples(2)],
            "eval" => [.. network, "--data", DemoFiles.Samples("clean"), "--labels", DemoFiles.Labels("clean"), "--data-scale", DemoFiles.Scale, "--data-zero-point", DemoFiles.ZeroPoint],
            "bench" => [.. network, "--samples", "1"],
            _ => [Compiled(target, "speed"), Compiled(target, "ram"), "--samples", "1"],
        };
        ToolRun run = CommandLineTests.InProcess([command, .. words, "--on", on, "--json"]);
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonNode.Parse(run.Output)!.AsObject();
    }

    private static string Compiled(string target, string goal)
    {
        string folder = Path.Combine(TestFolder.Create("compiled"), goal);
        ToolRun run = CommandLineTests.InProcess(
            "compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--target", target, "--optimize", goal, "--name", "net", "-o", folder);
        Assert.True(run.ExitCode == 0, run.Error);
        return folder;
    }

    /// <summary>A document without what names the place, times and folders, as text.</summary>
    private static string Without(JsonObject document)
    {
        foreach (string key in OfThePlace.Concat(["before", "after", "seconds"]))
        {
            document.Remove(key);
        }

        foreach (JsonObject row in document["rows"]?.AsArray().Select(row => row!.AsObject()) ?? [])
        {
            foreach (string key in OfThePlace)
            {
                row.Remove(key);
            }
        }

        return document.ToJsonString();
    }
}
