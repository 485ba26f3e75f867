using System.Text.Json;
using Mcu.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

/// <summary>The demo material as a user's files.</summary>
internal static class DemoFiles
{
    public const string Scale = "0.0387";

    public const string ZeroPoint = "5";

    public const int Elements = 490;

    private static readonly Lazy<string> Floats = new(WriteCalibration);

    public static string Base => TestData.Repo("tests/demo/base/kws_demo.onnx");

    /// <summary>Calibration samples as float32, the base's own input type.</summary>
    public static string Calibration => Floats.Value;

    public static string Adapter(string name) => TestData.Repo($"tests/demo/adapters/{name}");

    public static string Samples(string domain) => TestData.Repo($"tests/demo/test/{domain}.bin");

    public static string Labels(string domain) => TestData.Repo($"tests/demo/test/{domain}.csv");

    /// <summary>Accuracy in percent that ONNX Runtime or NumPy gave when the demo was made; see tests/demo/check.py.</summary>
    public static double FloatAccuracy(string adapter, string domain)
    {
        using JsonDocument demo = JsonDocument.Parse(File.ReadAllText(TestData.Repo("tests/demo/demo.json")));
        return demo.RootElement.GetProperty("float_accuracy").GetProperty(adapter).GetProperty(domain).GetDouble();
    }

    /// <summary>A file of the first samples of the calibration data, float32.</summary>
    public static string FloatSamples(int count)
    {
        string path = Path.Combine(TestFolder.Create("samples"), "samples.bin");
        File.WriteAllBytes(path, File.ReadAllBytes(Calibration)[..(count * Elements * sizeof(float))]);
        return path;
    }

    /// <summary>Skips the test unless all tools of a form are there.</summary>
    public static void Require(params ToolKind[] tools)
    {
        foreach (ToolKind kind in tools)
        {
            ToolStatus tool = new ToolProbe().ProbeAsync(kind).GetAwaiter().GetResult();
            Assert.SkipUnless(tool.Found, $"needs {tool.Name}: {tool.HowToGet}");
        }
    }

    private static string WriteCalibration()
    {
        string path = Path.Combine(TestFolder.Create("calibration"), "calibration.bin");
        File.WriteAllBytes(path, [.. File.ReadAllBytes(TestData.Repo("tests/demo/calibration.bin")).SelectMany(q => BitConverter.GetBytes(0.0387f * ((sbyte)q - 5)))]);
        return path;
    }
}
