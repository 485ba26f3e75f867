using System.Text.RegularExpressions;

namespace Mcu.Tests.Device;

/// <summary>What the loader in C checks of matrix and depthwise layers, at the last unit that it lets pass.</summary>
public sealed class DeltaLimitTests
{
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m0plus")]
    public async Task Limits_of_the_format_hold_to_the_last_unit(string target)
    {
        string program = await DeviceProgram.BuildSlotsAsync("limits_check.c", target);

        (_, string output) = await DeviceProgram.RunAsync(program, target, ["0"], []);

        Match result = Regex.Match(output, "failures (\\d+) line (\\d+) checks (\\d+)");
        Assert.True(result.Success && result.Groups[1].Value == "0", $"{output} (lines of limits_check.c)");
        Assert.Equal("264", result.Groups[3].Value);
    }

    /// <summary>The fuzz harness, whose long run is by hand (docs/TESTING.md), on its own seeds: 20,000 executions.</summary>
    [Fact]
    public async Task The_fuzz_harness_runs_without_a_finding()
    {
        string source = DeviceProgram.Source("fuzz_delta.c");
        string folder = EndToEnd.TestFolder.Create("fuzz");
        string runtime = TestData.Repo("runtime-templates/c");
        string[] kernels = ["depthwise_conv2d", "layer_normalization"];
        string[] common =
        [
            "-std=gnu99", "-O1", "-g", "-I" + Path.GetDirectoryName(source), "-I" + Path.Combine(runtime, "runtime"), "-I" + Path.Combine(runtime, "flash"), .. kernels.Select(k => "-I" + Path.Combine(runtime, "kernels", k)), source,
            .. DeviceProgram.RuntimeSources("mcu_delta", "mcu_delta_check", "mcu_delta_view", "mcu_delta_cache", "mcu_slots", "mcu_crc32", "mcu_cose", "mcu_linear__c", "mcu_lora__c", "mcu_terms__c"),
            Path.Combine(runtime, "flash", "mcu_flash_ram.c"), Path.Combine(runtime, "kernels/depthwise_conv2d/mcu_depthwise_conv2d_s8__c.c"), Path.Combine(runtime, "kernels/depthwise_conv2d/mcu_depthwise_conv2d_s8_sparse__c.c"),
            Path.Combine(runtime, "kernels/layer_normalization/mcu_layer_normalization_s8.c"),
        ];
        string seeds = Path.Combine(folder, "corpus");
        Directory.CreateDirectory(seeds);
        Assert.Equal("", await Emission.Compilers.RunAsync("clang", [.. common, $"-DSEED_FOLDER=\"{seeds}\"", "-o", Path.Combine(folder, "seeds")]));
        Assert.Equal("", await Emission.Compilers.RunAsync(Path.Combine(folder, "seeds"), []));
        Assert.Equal("", await Emission.Compilers.RunAsync("clang", ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", .. common, "-o", Path.Combine(folder, "fuzz_delta")]));

        (int exit, _, string log) = await Emission.Compilers.ProcessAsync(Path.Combine(folder, "fuzz_delta"), [seeds, "-max_len=2048", "-runs=20000", "-seed=1"]);

        Assert.True(exit == 0, log);
        Assert.Contains("DONE", log, StringComparison.Ordinal);
    }
}
