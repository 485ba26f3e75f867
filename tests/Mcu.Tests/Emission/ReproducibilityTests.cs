using System.Text.RegularExpressions;
using Mcu.Generator;
using Mcu.Generator.Calibration;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>Equal input gives equal bytes, wherever it lies and whenever it is compiled.</summary>
public sealed class ReproducibilityTests
{
    [Fact]
    public void Two_runs_from_two_folders_give_the_same_files()
    {
        IReadOnlyDictionary<string, string> first = CompileCopy();
        IReadOnlyDictionary<string, string> second = CompileCopy();

        Assert.Equal(first.Keys, second.Keys);
        Assert.All(first, f => Assert.True(f.Value == second[f.Key], f.Key));
    }

    [Fact]
    public void No_file_names_a_folder_a_date_or_this_machine()
    {
        foreach ((string path, string text) in CompileCopy())
        {
            Assert.DoesNotContain(Path.GetTempPath(), text, StringComparison.Ordinal);
            Assert.DoesNotContain(TestData.Root, text, StringComparison.Ordinal);
            Assert.False(Regex.IsMatch(text, "\\b20[0-9]{2}-[01][0-9]-[0-3][0-9]"), $"{path} holds a date");
            Assert.False(Regex.IsMatch(text, $"\\b{Regex.Escape(Environment.MachineName)}\\b"), $"{path} holds the machine's name");
            Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
        }
    }

    private static IReadOnlyDictionary<string, string> CompileCopy()
    {
        string folder = TestFolder.Create("copy");
        string copy = Path.Combine(folder, "kws_demo.onnx");
        File.Copy(TestData.Repo("tests/demo/base/kws_demo.onnx"), copy);
        return Firmware.Compile(new CompileOptions
        {
            BasePath = copy,
            Target = Firmware.Target("cortex-m4"),
            CalibrationPath = LabelledSamples.DemoCalibration().Take(0, 8).WriteCalibration(),
            CalibrationMethod = CalibrationMethod.MinMax,
            AdapterPaths = [TestData.Repo("tests/demo/adapters/accent-lora"), TestData.Repo("tests/demo/adapters/factory-bitfit")],
        }).Files;
    }
}
