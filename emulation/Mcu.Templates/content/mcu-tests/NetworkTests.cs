using System.Reflection;
using System.Runtime.CompilerServices;
using Mcu.Emulation;
using Mcu.Emulation.Testing;

namespace McuTests;

/// <summary>The firmware's outputs are the recorded bytes, within the recorded budget. MCU_UPDATE_GOLDEN=1 records both anew.</summary>
public sealed class NetworkTests
{
    private const int Samples = 4;

    /// <summary>Shared by all tests, so that not more emulators run than there are processors.</summary>
    private static readonly FirmwareTestOptions Options = new() { Target = "MCU_TARGET", TargetFolder = Folder("TargetFolder") };

    private static readonly string Network = Folder("NetworkFolder")!;

    [Fact]
    public async Task The_base_and_every_adapter_give_the_recorded_outputs_within_the_budget()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using FirmwareUnderTest firmware = await FirmwareUnderTest.BuildAsync(Network, Options, cancellation);
        byte[] inputs = Inputs(firmware.Image.Manifest.Input.Bytes);
        for (int adapter = 0; adapter < firmware.Image.Manifest.Adapters.Length; adapter++)
        {
            FirmwareOutcome outcome = await firmware.RunAsync(inputs, new RunOptions { AdapterIndex = adapter }, cancellation);
            outcome
                .ShouldMatchGolden(Golden($"outputs-{adapter}.bin"))
                .ShouldKeepBudget(Golden($"budget-{adapter}.json"));
        }
    }

    /// <summary>Noise that is the same everywhere; better are samples of your own data.</summary>
    private static byte[] Inputs(int bytes)
    {
        byte[] inputs = new byte[Samples * bytes];
        uint state = 1;
        for (int i = 0; i < inputs.Length; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            inputs[i] = (byte)(state >> 24);
        }

        return inputs;
    }

    /// <summary>A folder that the project file names; null where it names none.</summary>
    private static string? Folder(string name) =>
        typeof(NetworkTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(a => a.Key == name)?.Value;

    /// <summary>A file beside this source.</summary>
    private static string Golden(string name, [CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "golden", name);
}
