using System.Globalization;
using System.Runtime.InteropServices;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Tests.EndToEnd;

/// <summary>Labelled int8 features: 502 spoken samples of the public data, or the repository's own demo material.</summary>
internal sealed class LabelledSamples
{
    public static readonly Quantization Kws01Scale = new(0.5847029f, 83);

    public static readonly Quantization DemoScale = new(0.0387f, 5);

    private static readonly Shape SampleShape = new(1, 49, 10, 1);

    private LabelledSamples(byte[] bytes, int[] labels, Quantization scale)
    {
        Bytes = bytes;
        Labels = labels;
        Scale = scale;
    }

    public byte[] Bytes { get; }

    public int[] Labels { get; }

    public Quantization Scale { get; }

    public IReadOnlyList<TensorValue> Values => [.. Enumerable.Range(0, Bytes.Length / (int)SampleShape.Elements).Select(i =>
        new TensorValue(SampleShape, MemoryMarshal.Cast<byte, sbyte>(Bytes.AsSpan(i * (int)SampleShape.Elements, (int)SampleShape.Elements)).ToArray()))];

    /// <summary>The samples as real numbers, as a float network takes them.</summary>
    public IReadOnlyList<TensorValue> Real => [.. Values.Select(v => new TensorValue(SampleShape, Array.ConvertAll(v.Int8, x => Scale.Scale * (x - Scale.ZeroPoint))))];

    public static LabelledSamples Kws01() => new(
        File.ReadAllBytes(TestData.Shared("kws01/features.bin")), ReadLabels(TestData.Shared("kws01/labels.csv")), Kws01Scale);

    public static LabelledSamples Demo(string domain) => new(
        File.ReadAllBytes(TestData.Repo($"tests/demo/test/{domain}.bin")), ReadLabels(TestData.Repo($"tests/demo/test/{domain}.csv")), DemoScale);

    public static LabelledSamples DemoCalibration() => new(File.ReadAllBytes(TestData.Repo("tests/demo/calibration.bin")), [], DemoScale);

    public LabelledSamples Take(int from, int count) => new(
        Bytes[(from * (int)SampleShape.Elements)..((from + count) * (int)SampleShape.Elements)],
        Labels.Length == 0 ? Labels : Labels[from..(from + count)],
        Scale);

    /// <summary>Writes the real values as a raw float32 calibration file.</summary>
    public string WriteCalibration()
    {
        string file = Path.Combine(TestFolder.Create("calibration"), "samples.bin");
        File.WriteAllBytes(file, [.. Real.SelectMany(v => MemoryMarshal.AsBytes<float>(v.Floats).ToArray())]);
        return file;
    }

    private static int[] ReadLabels(string file) =>
        [.. File.ReadLines(file).Where(l => l.Length > 0).Select(l => int.Parse(l.Split(',')[^1], CultureInfo.InvariantCulture))];
}
