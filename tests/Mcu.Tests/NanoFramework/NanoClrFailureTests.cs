using Mcu.Emulation.Managed.NanoClr;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>Interpreters and metadata processors that are missing or misbehave: scripts stand in for them.</summary>
public sealed class NanoClrFailureTests
{
    /// <summary>Writes the file behind <c>-compile</c>.</summary>
    private const string Converts = "while [ \"$1\" != -compile ]; do shift; done\n: > \"$2\"\n";

    private readonly string folder = TestFolder.Create("nanoclr-failures");

    [Fact]
    public void Programs_that_are_not_named_or_not_there_are_diagnostics()
    {
        string there = Path.Combine(folder, "there");
        File.WriteAllText(there, "");

        Assert.Equal("NANOCLR", Missing([]));
        Assert.Equal("NANOCLR", Missing(new() { ["NANOCLR"] = Path.Combine(folder, "none") }));
        Assert.Equal("NANO_METADATA_PROCESSOR", Missing(new() { ["NANOCLR"] = there }));
        Assert.Equal("NANO_CORE_LIBRARY", Missing(new() { ["NANOCLR"] = there, ["NANO_METADATA_PROCESSOR"] = there }));

        File.WriteAllText(Path.Combine(folder, "mscorlib.pe"), "");
        Assert.Equal(Path.Combine(folder, "mscorlib.pe"), NanoClrTools.Find(new Dictionary<string, string> { ["NANOCLR"] = there, ["NANO_METADATA_PROCESSOR"] = there }.GetValueOrDefault).CoreLibrary);
    }

    /// <summary>What <c>mcu doctor</c> lists.</summary>
    [Fact]
    public void The_platforms_programs_are_listed_found_or_not()
    {
        string there = Path.Combine(folder, "there");
        File.WriteAllText(there, "");
        File.WriteAllText(Path.Combine(folder, "mscorlib.pe"), "");

        IReadOnlyList<NanoClrTool> none = NanoClrTools.Probe(_ => null);
        IReadOnlyList<NanoClrTool> some = NanoClrTools.Probe(new Dictionary<string, string> { ["NANOCLR"] = there, ["NANO_METADATA_PROCESSOR"] = there + "x" }.GetValueOrDefault);

        Assert.Equal(["NANOCLR", "NANO_METADATA_PROCESSOR", "NANO_CORE_LIBRARY"], none.Select(t => t.HowToGet.Split(' ')[2]));
        Assert.All(none, t => Assert.Null(t.Path));
        Assert.Equal([there, null, Path.Combine(folder, "mscorlib.pe")], some.Select(t => t.Path));
        string[] listed = [.. CommandLineTests.InProcess("doctor", "--json").Json().GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("id").GetString()!)];
        Assert.Equal(none.Select(t => t.Id), listed[^3..]);
    }

    [Fact]
    public void On_nanoclr_without_an_interpreter_is_a_diagnostic()
    {
        Assert.SkipUnless(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NANOCLR")), "an interpreter is named on this machine");
        ToolRun run = CommandLineTests.InProcess("bench", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--lang", "nanoframework", "--on", "nanoclr", "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("MCU1520", run.Json().GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("MCU1521", "echo 'Error: Byte code table overflow'; exit 1\n", "exit 0\n", "Byte code table overflow")]
    [InlineData("MCU1521", "exit 0\n", "exit 0\n", "it printed nothing")]
    [InlineData("MCU1522", Converts, "echo 'Resolving.'; kill -SEGV $$\n", "Resolving.")]
    [InlineData("MCU1523", Converts, "echo 'Invalid native checksum: mscorlib'; echo Done; exit 0\n", "Invalid native checksum")]
    [InlineData("MCU1523", Converts, "echo '* Invalid native checksum: Kws 0x1!=0x2 *'; echo 'Error: 96000000'; exit 0\n", "Invalid native checksum: Kws")]
    [InlineData("MCU1523", Converts, "echo MCU-EXCEPTION\n", "MCU-EXCEPTION")]
    [InlineData("MCU1523", Converts, "echo 'MCU 0 0 17 zz0102030405'; echo MCU-END\n", "sample 0")]
    [InlineData("MCU1523", Converts, "echo 'MCU 0 0 17 00'; echo MCU-END\n", "sample 0")]
    [InlineData("MCU1524", Converts, "sleep 60\n", "did not end")]
    [InlineData("MCU1525", Converts, "echo MCU-OUT-OF-MEMORY\n", "heap")]
    [InlineData("MCU1530", Converts, "echo 'MCUR 1 20'; echo MCU-EXCEPTION\n", "image 2: its CRC-32")]
    [InlineData("MCU1531", Converts, "echo 'MCUR 0 33'; echo MCU-EXCEPTION\n", "image 1 fails")]
    [InlineData("MCU1523", Converts, "echo 'MCUR x'; echo MCU-EXCEPTION\n", "MCU-EXCEPTION")]
    public async Task What_the_programs_do_wrong_is_a_diagnostic(string code, string processor, string interpreter, string words)
    {
        using NanoClrMachine machine = Machine(processor, interpreter);

        DiagnosticException failure = await Assert.ThrowsAsync<DiagnosticException>(() => machine.RunAsync(new byte[13], 13, 6, TestContext.Current.CancellationToken));

        Assert.Equal(code, failure.Diagnostic.Code);
        Assert.Contains(words, failure.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_executable_is_a_diagnostic()
    {
        using NanoClrMachine machine = Machine(Converts, "exit 0\n");
        File.Delete(Path.Combine(folder, "nanoclr"));
        await File.WriteAllTextAsync(Path.Combine(folder, "nanoclr"), "#!/bin/sh\n", TestContext.Current.CancellationToken);

        DiagnosticException failure = await Assert.ThrowsAsync<DiagnosticException>(() => machine.RunAsync(new byte[13], 13, 6, TestContext.Current.CancellationToken));

        Assert.Equal("MCU1520", failure.Diagnostic.Code);
    }

    [Fact]
    public async Task The_interpreter_is_called_as_the_public_tool_is_and_results_are_read_by_sample()
    {
        string interpreter = $"echo \"$1 $2 $(basename \"$3\")\" > '{folder}/called'\necho 'MCU 0 1 30 ff0102030405'\necho noise\necho 'MCU 0 0 20 000102030480'\necho MCU-END\nkill -SEGV $$\n";
        using NanoClrMachine machine = Machine(Converts, interpreter);

        IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(new byte[26], 13, 6, TestContext.Current.CancellationToken);

        Assert.Equal("run --assemblies mscorlib.pe\n", await File.ReadAllTextAsync(Path.Combine(folder, "called"), TestContext.Current.CancellationToken));
        Assert.Equal([0, 1, 2, 3, 4, 128], runs[0][0].Output);
        Assert.Equal([255, 1, 2, 3, 4, 5], runs[1][0].Output);
        Assert.Equal(TimeSpan.FromMicroseconds(3), runs[1][0].Time);
    }

    private NanoClrMachine Machine(string processor, string interpreter)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in programs are shell scripts");
        File.WriteAllText(Path.Combine(folder, "mscorlib.pe"), "");
        var tools = new NanoClrTools(Script("nanoclr", interpreter), Script("mdp", processor), Path.Combine(folder, "mscorlib.pe")) { Limit = TimeSpan.FromSeconds(seconds(interpreter)) };
        Managed managed = Managed.Of(TinyModels.Of("vectors"), "vectors");
        return new NanoClrMachine(tools, [new NanoClrNetwork(managed.Emission, managed.Assembly, 0)]);

        static int seconds(string text) => text.StartsWith("sleep", StringComparison.Ordinal) ? 1 : 60;
    }

    private string Script(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, "#!/bin/sh\n" + text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static string? Missing(Dictionary<string, string> variables)
    {
        DiagnosticException failure = Assert.Throws<DiagnosticException>(() => NanoClrTools.Find(variables.GetValueOrDefault));
        Assert.Equal("MCU1520", failure.Diagnostic.Code);
        return failure.Diagnostic.Location;
    }
}
