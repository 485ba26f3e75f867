using System.Globalization;
using System.Text.RegularExpressions;

namespace Mcu.Tests.Device;

/// <summary>Delta slots in flash: power cuts at every operation, and random sequences against a model without flash.</summary>
public sealed partial class SlotTests
{
    /// <summary>Erase blocks and program units from byte-wise NOR to pages as large as an entry of the journal.</summary>
    public static TheoryData<int, int> Geometries => new() { { 256, 1 }, { 256, 4 }, { 512, 8 }, { 4096, 32 }, { 1024, 64 } };

    [Theory]
    [MemberData(nameof(Geometries))]
    public async Task A_power_cut_at_any_operation_leaves_the_state_before_or_after_the_call(int block, int unit)
    {
        string program = await DeviceProgram.BuildSlotsAsync("slots_cuts.c", "host");

        (_, string output) = await DeviceProgram.RunAsync(program, "host", [Text(block), Text(unit), "1"], []);

        Counts counts = Counts.Of(output);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.Equal(0, counts["failures"]);
        Assert.Equal(5 * counts["operations"], counts["cuts"]);
        Assert.InRange(counts["operations"], 50, 10_000);
    }

    [Fact]
    public async Task A_cortex_m4_that_is_reset_by_power_cuts_keeps_the_last_good_delta()
    {
        string program = await DeviceProgram.BuildSlotsAsync("slots_cuts.c", "cortex-m4");

        (_, string output) = await DeviceProgram.RunAsync(program, "cortex-m4", ["512", "8", "11"], []);

        Counts counts = Counts.Of(output);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.Equal(0, counts["failures"]);
        Assert.InRange(counts["cuts"], 150, 10_000);
    }

    [Fact]
    public async Task A_thousand_random_sequences_agree_with_the_model()
    {
        string program = await DeviceProgram.BuildSlotsAsync("slots_random.c", "host");
        int seed = Environment.TickCount & 0xFFFF;

        (_, string output) = await DeviceProgram.RunAsync(program, "host", ["1000", "60", Text(seed)], []);

        Counts counts = Counts.Of(output);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {output}");
        Assert.True(counts["failures"] == 0, $"seed {seed}: {output}");
        Assert.Equal(1000, counts["sequences"]);
        Assert.InRange(counts["cuts"], 500, int.MaxValue);
    }

    [Fact]
    public async Task A_flash_in_a_file_keeps_what_was_written()
    {
        await EndToEnd.Firmware.SkipWithoutToolsAsync("host");
        string program = Path.Combine(EndToEnd.TestFolder.Create("file"), "program");
        string flash = TestData.Repo("runtime-templates/c/flash");
        Assert.Equal("", await Emission.Compilers.RunAsync(
            "gcc",
            ["-std=c99", .. Emission.Compilers.Warnings, "-I" + flash, "-I" + TestData.Repo("runtime-templates/c/runtime"), DeviceProgram.Source("flash_file.c"), Path.Combine(flash, "mcu_flash_file.c"), Path.Combine(flash, "mcu_flash_ram.c"), "-o", program]));

        await DeviceProgram.RunAsync(program, "host", ["write"], []);
        (string folder, _) = await DeviceProgram.RunAsync(program, "host", ["write"], []);
        (int exit, _, _) = await Emission.Compilers.ProcessAsync(program, ["read", Path.Combine(folder, "flash.bin")]);

        Assert.Equal(0, exit);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Words and numbers of a program's last line.</summary>
    private sealed partial record Counts(Dictionary<string, int> Values)
    {
        public int this[string name] => Values[name];

        public static Counts Of(string output) => new(Pair().Matches(output).ToDictionary(
            m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), StringComparer.Ordinal));

        [GeneratedRegex("([a-z]+) ([0-9]+)")]
        private static partial Regex Pair();
    }
}
