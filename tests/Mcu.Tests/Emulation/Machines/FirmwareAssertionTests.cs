using Mcu.Emulation;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Testing;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Emulation.Machines;

public class FirmwareAssertionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Assertions_on_a_run_chain()
    {
        using var model = new FakeModel();
        using FirmwareUnderTest firmware = await BuildAsync(model);
        FirmwareOutcome outcome = await firmware.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation);
        outcome.ShouldBe([2, 3, 4, 5]).ShouldUseAtMost(instructions: 1000, stack: 200, ram: 1000, flash: 2000);
    }

    [Fact]
    public async Task A_wrong_byte_is_named_with_sample_and_values_and_leaves_artefacts()
    {
        using var model = new FakeModel();
        string artifacts = Path.Combine(model.CacheFolder, "artifacts");
        using FirmwareUnderTest firmware = await BuildAsync(model, new FirmwareTestOptions { Artifacts = artifacts });
        FirmwareOutcome outcome = await firmware.RunAsync(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, cancellation: Cancellation);
        var failure = Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldBe([2, 3, 4, 5, 6, 7, 8, 0]));
        Assert.Equal("MCU1120", failure.Code);
        Assert.Contains("1 bytes of output differ from the expected ones; sample 1, byte 3: 9 instead of 0", failure.Message, StringComparison.Ordinal);
        string folder = Assert.Single(Directory.GetDirectories(artifacts));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9], await File.ReadAllBytesAsync(Path.Combine(folder, "outputs.bin"), Cancellation));
    }

    [Fact]
    public async Task A_budget_overrun_names_every_figure_that_is_over()
    {
        using var model = new FakeModel();
        using FirmwareUnderTest firmware = await BuildAsync(model);
        FirmwareOutcome outcome = await firmware.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation);
        var failure = Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldUseAtMost(instructions: 10, flash: 10, ram: 100_000));
        Assert.Equal("MCU1121", failure.Code);
        Assert.Contains("instructions instead of at most 10", failure.Message, StringComparison.Ordinal);
        Assert.Contains("bytes of flash instead of at most 10", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("RAM", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Golden_outputs_and_budgets_are_recorded_by_a_flag_and_compared_afterwards()
    {
        using var model = new FakeModel();
        string golden = Path.Combine(model.CacheFolder, "golden", "out.bin");
        string budget = Path.Combine(model.CacheFolder, "golden", "budget.json");
        using FirmwareUnderTest recording = await BuildAsync(model, new FirmwareTestOptions { UpdateGolden = true });
        using FirmwareUnderTest comparing = await BuildAsync(model);
        FirmwareOutcome outcome = await comparing.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation);
        Assert.Equal("MCU1122", Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldMatchGolden(golden)).Code);
        Assert.Equal("MCU1123", Assert.Throws<DiagnosticException>(() => outcome.ShouldKeepBudget(budget)).Diagnostic.Code);
        (await recording.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation)).ShouldMatchGolden(golden).ShouldKeepBudget(budget);
        outcome.ShouldMatchGolden(golden).ShouldKeepBudget(budget);
        FirmwareOutcome other = await comparing.RunAsync(new byte[] { 1, 2, 3, 5 }, cancellation: Cancellation);
        Assert.Equal("MCU1122", Assert.Throws<FirmwareAssertionException>(() => other.ShouldMatchGolden(golden)).Code);
    }

    [Fact]
    public async Task Fifty_runs_share_the_places_there_are()
    {
        using var model = new FakeModel();
        var emulator = new CountingEmulator(new QemuEmulator(new ToolProbe(), model.CacheFolder));
        using FirmwareUnderTest firmware = await BuildAsync(model, new FirmwareTestOptions { Parallel = new SemaphoreSlim(4), Emulator = emulator });
        FirmwareOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => firmware.RunAsync(new byte[] { (byte)i, 0, 0, 0 }, cancellation: Cancellation)));
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (byte)i), outcomes.Select(outcome => outcome.Result.Outputs[0]));
        Assert.InRange(emulator.Most, 2, 4);
    }

    [Fact]
    public async Task A_run_that_fails_leaves_image_inputs_and_message()
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; __asm volatile(\"udf #0\"); return 0; }");
        string artifacts = Path.Combine(model.CacheFolder, "artifacts");
        using FirmwareUnderTest firmware = await BuildAsync(model, new FirmwareTestOptions { Artifacts = artifacts });
        Diagnostic diagnostic = await Bench.FailureAsync(() => firmware.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation));
        string folder = Assert.Single(Directory.GetDirectories(artifacts));
        Assert.Equal(["failure.txt", "firmware.elf", "inputs.bin"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains(diagnostic.Message, await File.ReadAllTextAsync(Path.Combine(folder, "failure.txt"), Cancellation), StringComparison.Ordinal);
        Assert.Equal([1, 2, 3, 4], await File.ReadAllBytesAsync(Path.Combine(folder, "inputs.bin"), Cancellation));
    }

    [Fact]
    public async Task Artefacts_that_cannot_be_written_are_told_first_or_hide_no_failure()
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { if (net->arena[0] == 1) { __asm volatile(\"udf #0\"); } return 0; }");
        string artifacts = Path.Combine(model.CacheFolder, "artifacts");
        var options = new FirmwareTestOptions { Artifacts = artifacts };
        using FirmwareUnderTest firmware = await BuildAsync(model, options);
        Directory.Delete(artifacts);
        await File.WriteAllTextAsync(artifacts, "in the way", Cancellation);
        Assert.Equal("MCU1127", (await Bench.FailureAsync(() => FirmwareUnderTest.BuildAsync(model.Folder, options, Cancellation))).Code);

        Assert.Equal("MCU1033", (await Bench.FailureAsync(() => firmware.RunAsync(new byte[] { 1, 2, 3, 4 }, cancellation: Cancellation))).Code);
        FirmwareOutcome outcome = await firmware.RunAsync(new byte[] { 0, 2, 3, 4 }, cancellation: Cancellation);
        FirmwareAssertionException failure = Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldBe([9, 9, 9, 9]));
        Assert.Equal("MCU1120", failure.Code);
        Assert.Contains(" No artefacts: ", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<FirmwareUnderTest> BuildAsync(FakeModel model, FirmwareTestOptions? options = null)
    {
        await Bench.BuildAsync(model, "cortex-m4"); // skips where a tool is missing
        return await FirmwareUnderTest.BuildAsync(model.Folder, options ?? new FirmwareTestOptions { Artifacts = null, UpdateGolden = false }, Cancellation);
    }

    /// <summary>Notes how many runs were under way at a time.</summary>
    private sealed class CountingEmulator(IEmulator inner) : IEmulator
    {
        private readonly Lock gate = new();
        private int now;

        public int Most { get; private set; }

        public string Name => inner.Name;

        public async Task<RunResult> RunAsync(FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation)
        {
            lock (gate)
            {
                Most = Math.Max(Most, ++now);
            }

            try
            {
                return await inner.RunAsync(image, inputs, options, cancellation);
            }
            finally
            {
                lock (gate)
                {
                    now--;
                }
            }
        }
    }
}
