using System.Text.RegularExpressions;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>Kernels and runtime compute in integers: on cores without an FPU they call no floating-point routine.</summary>
public sealed partial class FloatFreeTests
{
    [Theory]
    [InlineData("cortex-m0plus", false)]
    [InlineData("cortex-m4", true)]
    public async Task Objects_of_kernels_and_runtime_call_no_floating_point_routine(string core, bool dsp)
    {
        await Firmware.SkipWithoutToolsAsync(core);
        string root = TestData.Repo("runtime-templates/c");
        string[] sources = [.. ((string[])["kernels", "runtime", "flash"]).SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.c", SearchOption.AllDirectories))
            .Where(file => (dsp || !file.Contains("__dsp", StringComparison.Ordinal)) && !file.EndsWith("mcu_flash_file.c", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        IEnumerable<string> includes = Directory.EnumerateDirectories(Path.Combine(root, "kernels")).Append(Path.Combine(root, "runtime")).Append(Path.Combine(root, "flash")).Select(f => "-I" + f);
        string objects = TestFolder.Create("objects");
        foreach (string source in sources)
        {
            Assert.Equal("", await Compilers.RunAsync(
                "arm-none-eabi-gcc", ["-mcpu=" + core, "-mthumb", "-mfloat-abi=soft", "-O2", "-std=c99", .. includes, "-c", source, "-o", Path.Combine(objects, Path.GetFileNameWithoutExtension(source) + ".o")]));
        }

        (_, string undefined, _) = await Compilers.ProcessAsync("arm-none-eabi-nm", ["-u", .. Directory.EnumerateFiles(objects)]);

        Assert.True(sources.Length > 25, "not all was compiled");
        Assert.Contains("memcpy", undefined, StringComparison.Ordinal);
        Assert.DoesNotMatch(FloatRoutine(), undefined);
    }

    /// <summary>A float in a file is seen: otherwise the test above could not fail.</summary>
    [Fact]
    public async Task A_floating_point_product_would_be_seen()
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m0plus");
        string folder = TestFolder.Create("float");
        string source = Path.Combine(folder, "product.c");
        await File.WriteAllTextAsync(source, "float product(float a, int b) { return a * b; }\n", TestContext.Current.CancellationToken);
        string output = Path.Combine(folder, "product.o");
        Assert.Equal("", await Compilers.RunAsync("arm-none-eabi-gcc", ["-mcpu=cortex-m0plus", "-mthumb", "-O2", "-c", source, "-o", output]));

        (_, string undefined, _) = await Compilers.ProcessAsync("arm-none-eabi-nm", ["-u", output]);

        Assert.Matches(FloatRoutine(), undefined);
    }

    /// <summary>Routines of the run-time ABI for the Arm architecture (section 5.1.2, floating-point helpers), and of the C library.</summary>
    [GeneratedRegex(@"__aeabi_(f|d|h2f|u?i2[fd]|u?l2[fd])\w*|\b(exp|log|pow|sqrt|tanh|erf|round|floor|ceil)f?\b")]
    private static partial Regex FloatRoutine();
}
