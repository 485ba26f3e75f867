using Mcu.Emulation;
using Mcu.Tests.Cli;

namespace Mcu.Tests.EndToEnd;

/// <summary>Cores that share another core's board: their code gives the reference's bytes, and the result says what it ran on.</summary>
public sealed class CoreTests
{
    [Theory]
    [InlineData("cortex-m0")]
    [InlineData("microbit")]
    [InlineData("cortex-m23")]
    [InlineData("cortex-m33")]
    [InlineData("cortex-m85")]
    [InlineData("rv32imc")]
    [InlineData("rv32imac")]
    [InlineData("atmega2560")]
    public void Firmware_with_an_adapter_gives_the_bytes_of_the_reference(string target)
    {
        DemoFiles.Require([.. ToolProbe.KindsFor(Firmware.Target(target))]);
        ToolRun run = CommandLineTests.InProcess(
            "verify", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("accent-lora"), "--on", "qemu:" + target, "--seeds", "2");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2, run.Output.Split('\n').Count(line => line.StartsWith($"ok     qemu:{target} against the int8 reference, byte for byte", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_result_says_which_board_stood_in_for_a_core()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu);
        ToolRun run = CommandLineTests.InProcess(
            "run", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--on", "qemu:cortex-m23", "--input", DemoFiles.FloatSamples(1));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("mps2-an505", run.Output + run.Error, StringComparison.Ordinal);
    }
}
