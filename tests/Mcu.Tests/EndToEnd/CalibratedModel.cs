using Mcu.Generator;

namespace Mcu.Tests.EndToEnd;

/// <summary>The float keyword-spotting networks, quantised once for all tests with the compiler's own choices.</summary>
internal static class CalibratedModel
{
    private static readonly Lazy<CompileResult> KwsResult = new(() => Compile(TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx"), LabelledSamples.Kws01().Take(0, 100)));

    private static readonly Lazy<CompileResult> DemoResult = new(() => Compile(TestData.Repo("tests/demo/base/kws_demo.onnx"), LabelledSamples.DemoCalibration()));

    /// <summary>Calibrated with the first 100 samples.</summary>
    public static CompileResult Kws()
    {
        TestData.Shared("kws01/features.bin");
        TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx");
        return KwsResult.Value;
    }

    public static CompileResult Demo() => DemoResult.Value;

    private static CompileResult Compile(string path, LabelledSamples calibration) => Firmware.Compile(new CompileOptions
    {
        BasePath = path,
        Target = Firmware.Target("cortex-m4"),
        CalibrationPath = calibration.WriteCalibration(),
    });
}
