using Mcu.Emulation.Testing;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>The example of docs/EMULATION.md, as it stands there.</summary>
public sealed class EmulationManualTests : IDisposable
{
    private readonly FakeModel model = new();
    private readonly byte[] samples = [1, 2, 3, 4];
    private readonly byte[] expected = [2, 3, 4, 5];
    private string folder = "";

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task The_manual_s_example_is_this_one_and_passes()
    {
        await Bench.BuildAsync(model, "cortex-m4"); // skips where a tool is missing
        folder = model.Folder;
        await The_network_keeps_its_budget();
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Mcu.sln")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("no checkout around the tests");
        }

        string manual = await File.ReadAllTextAsync(Path.Combine(root, "docs", "EMULATION.md"), TestContext.Current.CancellationToken);
        string own = await File.ReadAllTextAsync(Path.Combine(root, "tests", "Mcu.Tests", "Emulation", "Machines", "EmulationManualTests.cs"), TestContext.Current.CancellationToken);
        string example = manual.Split("```csharp\n")[1].Split("```")[0];
        foreach (string line in example.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line != "[Fact]"))
        {
            Assert.Contains(line.Replace("public async", "private async", StringComparison.Ordinal), own, StringComparison.Ordinal);
        }
    }

    private async Task The_network_keeps_its_budget()
    {
        using FirmwareUnderTest firmware = await FirmwareUnderTest.BuildAsync(folder, new FirmwareTestOptions { Target = "cortex-m4" });
        FirmwareOutcome outcome = await firmware.RunAsync(samples);
        outcome
            .ShouldBe(expected)
            .ShouldUseAtMost(instructions: 1_000, stack: 512, ram: 4_096, flash: 8_192);
    }
}
