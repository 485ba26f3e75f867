using System.Globalization;
using System.Text.Json;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.NanoFramework;

/// <summary>Networks that have no managed form: a diagnostic where the user named the form, native kernels where the compiler chooses.</summary>
public sealed class ManagedLimitTests
{
    private const int Layers = 1200;

    private readonly string folder = TestFolder.Create("limits");

    [Theory]
    [InlineData("code")]
    [InlineData("image")]
    public void A_method_that_would_be_too_long_is_refused_and_nothing_is_written(string weights)
    {
        string place = Path.Combine(folder, "none");
        ToolRun run = CommandLineTests.InProcess(["compile", .. Model(), "--lang", "nanoframework", "--weights", weights, "-o", place, "--json"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("MCU1511", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("--form interop", run.Json().GetProperty("error").GetProperty("hint").GetString(), StringComparison.Ordinal);
        if (weights == "image")
        {
            Assert.Contains("bytes of IL, the limit is 65535", run.Json().GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(place));
    }

    [Fact]
    public void Where_the_compiler_chooses_it_takes_native_kernels()
    {
        string place = Path.Combine(folder, "auto");
        ToolRun run = CommandLineTests.InProcess(["compile", .. Model(), "--lang", "nanoframework", "--form", "auto", "--weights", "image", "-o", place]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("form interop because there is no managed form: The managed form does not fit the platform", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(place, "native/mcu.json")));
    }

    /// <summary>The C kernel joins any number of inputs.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void A_concatenation_of_more_than_two_inputs_has_no_managed_kernel(int inputs)
    {
        string place = Path.Combine(folder, "none");
        ToolRun run = CommandLineTests.InProcess(["compile", .. Joined(inputs), "--lang", "nanoframework", "--form", "managed", "-o", place, "--json"]);

        JsonElement error = run.Json().GetProperty("error");
        Assert.Equal((1, "MCU1504"), (run.ExitCode, error.GetProperty("code").GetString()));
        Assert.Contains($"joins {inputs} inputs", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("--form interop", error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(place));
    }

    [Fact]
    public void A_concatenation_without_managed_kernel_is_one_of_the_firmware()
    {
        string place = Path.Combine(folder, "joined");
        ToolRun run = CommandLineTests.InProcess(["compile", .. Joined(3), "--lang", "nanoframework", "--form", "auto", "-o", place]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("form interop because there is no managed form: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("joins 3 inputs", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(place, "native/mcu.json")));
    }

    [Fact]
    public void A_concatenation_of_two_inputs_has_one() =>
        Assert.Equal(0, CommandLineTests.InProcess(["compile", .. Joined(2), "--lang", "nanoframework", "--form", "managed", "-o", Path.Combine(folder, "two")]).ExitCode);

    /// <summary>Fully connected layers of one input side by side, joined.</summary>
    private string[] Joined(int inputs)
    {
        OnnxModelBuilder builder = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Weights("b", [2], 0.01f, 0.02f);
        string[] parts = [.. Enumerable.Range(0, inputs).Select(i => string.Create(CultureInfo.InvariantCulture, $"t{i}"))];
        foreach (string part in parts)
        {
            builder.Weights("w" + part, [2, 2], 0.9f, 0.1f, 0.1f, 0.9f).Node("Gemm", $"x w{part} b", part);
        }

        return Files(builder.Node("Concat", string.Join(' ', parts), "y", ("axis", 1)));
    }

    /// <summary>Small fully connected layers one after the other, with one sample to calibrate by.</summary>
    private string[] Model()
    {
        var builder = new OnnxModelBuilder();
        builder.Input("t0", 1, 2).Output($"t{Layers}").Weights("w", [2, 2], 0.9f, 0.1f, 0.1f, 0.9f).Weights("b", [2], 0.01f, 0.02f);
        for (int i = 0; i < Layers; i++)
        {
            builder.Node("Gemm", string.Create(CultureInfo.InvariantCulture, $"t{i} w b"), string.Create(CultureInfo.InvariantCulture, $"t{i + 1}"));
        }

        return Files(builder);
    }

    private string[] Files(OnnxModelBuilder builder)
    {
        string model = Path.Combine(folder, "network.onnx");
        string samples = Path.Combine(folder, "samples.bin");
        File.WriteAllBytes(model, builder.Bytes());
        File.WriteAllBytes(samples, [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-1f)]);
        return [model, "--calibration", samples];
    }
}
