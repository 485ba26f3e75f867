using System.Text;
using System.Text.Json;
using Mcu.Emulation;
using Mcu.Emulation.Testing;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation;

/// <summary>Firmware of a user's target, with its own linker script and start-up file, by the harness and by the command line.</summary>
public sealed class UserTargetTests
{
    private const string Board = "my-board";

    private readonly string folder = TestFolder.Create("boards");

    private static byte[] Samples => [.. File.ReadAllBytes(TestData.Repo("tests/demo/test/clean.bin")).Take(2 * 490)];

    [Fact]
    public async Task The_harness_builds_with_the_users_files_and_the_outputs_are_the_references()
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        UserTarget.Write(folder, Board);
        Int8Model model = AdaptedModel.Of("demo").Base;
        var options = new FirmwareTestOptions { Target = Board, TargetFolder = folder, Artifacts = null };
        using FirmwareUnderTest firmware = await FirmwareUnderTest.BuildAsync(Firmware.Write(Firmware.Emit(model, "cortex-m4", "net")), options, TestContext.Current.CancellationToken);

        string image = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(firmware.Image.Path, TestContext.Current.CancellationToken));
        Assert.Contains(UserTarget.SymbolOfScript, image, StringComparison.Ordinal);
        Assert.Contains(UserTarget.FunctionOfStartup, image, StringComparison.Ordinal);
        FirmwareOutcome outcome = await firmware.RunAsync(Samples, cancellation: TestContext.Current.CancellationToken);
        outcome.ShouldMatchReference(model);
        Assert.Contains("a note of the board's", firmware.Image.Target.Notes);
    }

    [Fact]
    public async Task Without_the_folder_or_with_one_that_is_not_there_it_is_a_mistake_with_a_code()
    {
        string network = Firmware.Write(Firmware.Emit(AdaptedModel.Of("demo").Base, "cortex-m4", "net"));
        Assert.Equal("MCU1086", await CodeAsync(new FirmwareTestOptions { Target = Board }));
        Assert.Equal("MCU1087", await CodeAsync(new FirmwareTestOptions { Target = Board, TargetFolder = Path.Combine(folder, "nowhere") }));

        async Task<string> CodeAsync(FirmwareTestOptions options) =>
            (await Assert.ThrowsAsync<DiagnosticException>(() => FirmwareUnderTest.BuildAsync(network, options, TestContext.Current.CancellationToken))).Diagnostic.Code;
    }

    [Fact]
    public async Task The_command_line_runs_it_with_the_bytes_of_the_generic_core()
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        UserTarget.Write(folder, Board);
        string network = Firmware.Write(Firmware.Emit(AdaptedModel.Of("demo").Base, "cortex-m4", "net"));
        string input = Path.Combine(folder, "input.bin");
        await File.WriteAllBytesAsync(input, Samples, TestContext.Current.CancellationToken);
        byte[] own = Outputs("--target-folder", folder, "--on", $"qemu:{Board}");
        Assert.Equal(Outputs("--on", "qemu:cortex-m4"), own);

        byte[] Outputs(params string[] more)
        {
            string output = Path.Combine(folder, "output.bin");
            ToolRun run = CommandLineTests.InProcess(["run", network, "--input", input, "--output", output, .. more, "--json"]);
            Assert.True(run.ExitCode == 0, run.Error);
            return File.ReadAllBytes(output);
        }
    }
}
