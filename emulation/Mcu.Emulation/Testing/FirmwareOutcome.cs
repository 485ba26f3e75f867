using System.Globalization;
using System.Text;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Emulation.Testing;

/// <summary>Outputs and measurements of a run, with assertions on them. Each gives this back, so that they chain.</summary>
public sealed class FirmwareOutcome
{
    private const int DifferencesShown = 5;

    private readonly FirmwareTestOptions options;
    private readonly ReadOnlyMemory<byte> samples;
    private readonly RunOptions run;
    private readonly LayerProbe probe;

    internal FirmwareOutcome(FirmwareImage image, ReadOnlyMemory<byte> samples, RunOptions run, RunResult result, FirmwareTestOptions options, LayerProbe probe)
    {
        this.probe = probe;
        Image = image;
        Result = result;
        this.samples = samples;
        this.run = run;
        this.options = options;
    }

    public FirmwareImage Image { get; }

    public RunResult Result { get; }

    /// <summary>The largest figures of this run; flash is code, weights and adapters, RAM is arena, data and stack.</summary>
    public FirmwareBudget Used
    {
        get
        {
            FirmwareSizes sizes = Image.Sizes;
            return new FirmwareBudget(
                Result.MaxInstructions,
                Result.MaxStackBytes,
                Image.Manifest.ArenaBytes + sizes.DataBytes + sizes.BssBytes + Result.MaxStackBytes,
                sizes.CodeBytes + sizes.WeightBytes + sizes.AdapterBytes);
        }
    }

    /// <summary>MCU1120 unless the outputs are these bytes.</summary>
    public FirmwareOutcome ShouldBe(ReadOnlySpan<byte> expected)
    {
        RequireSame(expected, "the expected ones", _ => "");
        return this;
    }

    /// <summary>
    /// MCU1120 unless the outputs are byte for byte those of the C# int8 reference of the same network with the adapter that was
    /// active. The message names the first layer that differs, for which the firmware is built and run once more, with probes.
    /// </summary>
    public FirmwareOutcome ShouldMatchReference(Int8Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        int size = Image.Manifest.Input.Bytes;
        var expected = new MemoryStream();
        for (int at = 0; at < samples.Length; at += size)
        {
            TensorValue value = SampleBytes.ToValue(samples.Span.Slice(at, size), input);
            expected.Write(SampleBytes.FromValue(Int8Reference.Run(model, value, run.AdapterIndex)));
        }

        RequireSame(expected.ToArray(), "the int8 reference's", sample => LayerOf(model, sample));
        return this;
    }

    /// <summary>Where a sample goes wrong; waits for a run, once a test has failed.</summary>
    private string LayerOf(Int8Model model, int sample)
    {
        int size = Image.Manifest.Input.Bytes;
        return Task.Run(() => probe.DescribeAsync(model, samples.Slice(sample * size, size), run)).GetAwaiter().GetResult();
    }

    /// <summary>
    /// MCU1122 unless the outputs are the golden file's bytes. With <see cref="FirmwareTestOptions.UpdateGolden"/> the file is
    /// written instead.
    /// </summary>
    public FirmwareOutcome ShouldMatchGolden(string file)
    {
        if (options.UpdateGolden)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.WriteAllBytes(file, Result.Outputs);
            return this;
        }

        if (!File.Exists(file))
        {
            throw Fail("MCU1122", $"There is no golden file {file}. Set MCU_UPDATE_GOLDEN=1 to write it.");
        }

        RequireSame(File.ReadAllBytes(file), $"those of {file}", _ => " Set MCU_UPDATE_GOLDEN=1 to record them anew.", "MCU1122");
        return this;
    }

    /// <summary>MCU1121 when the run used more; a null is not limited.</summary>
    public FirmwareOutcome ShouldUseAtMost(long? instructions = null, int? stack = null, int? ram = null, int? flash = null) =>
        RequireWithin(new FirmwareBudget(instructions, stack, ram, flash), "");

    /// <summary>
    /// MCU1121 when the run used more than a budget file allows (JSON: <c>instructions</c>, <c>stack</c>, <c>ram</c>, <c>flash</c>; MCU1123 when
    /// it cannot be read). With <see cref="FirmwareTestOptions.UpdateGolden"/> the file is written from this run instead.
    /// </summary>
    public FirmwareOutcome ShouldKeepBudget(string file)
    {
        if (options.UpdateGolden)
        {
            Used.Save(file);
            return this;
        }

        return RequireWithin(FirmwareBudget.Load(file), $" (budget of {file})");
    }

    private FirmwareOutcome RequireWithin(FirmwareBudget most, string who)
    {
        FirmwareBudget used = Used;
        var over = new List<string>();
        Compare("instructions", used.Instructions, most.Instructions);
        Compare("bytes of stack", used.Stack, most.Stack);
        Compare("bytes of RAM", used.Ram, most.Ram);
        Compare("bytes of flash", used.Flash, most.Flash);
        return over.Count == 0 ? this : throw Fail("MCU1121", string.Join("; ", over) + who + ".");

        void Compare(string what, long? have, long? limit)
        {
            if (limit is { } bound && have is null)
            {
                over.Add($"{what} are not counted here");
            }
            else if (have > limit)
            {
                over.Add(string.Create(CultureInfo.InvariantCulture, $"{have:N0} {what} instead of at most {limit:N0} (+{100.0 * (have.Value - limit.Value) / limit.Value:F1} %)"));
            }
        }
    }

    /// <param name="hint">What to add, by the first sample that differs.</param>
    private void RequireSame(ReadOnlySpan<byte> expected, string whose, Func<int, string> hint, string code = "MCU1120")
    {
        byte[] actual = Result.Outputs;
        if (expected.SequenceEqual(actual))
        {
            return;
        }

        int size = Image.Manifest.Output.Bytes;
        if (expected.Length != actual.Length)
        {
            throw Fail(code, string.Create(CultureInfo.InvariantCulture, $"{actual.Length} bytes of output, {expected.Length} are expected.") + hint(0));
        }

        var text = new StringBuilder();
        int count = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            if (actual[i] != expected[i] && count++ < DifferencesShown)
            {
                text.Append(CultureInfo.InvariantCulture, $"; sample {i / size}, byte {i % size}: {(sbyte)actual[i]} instead of {(sbyte)expected[i]}");
            }
        }

        throw Fail(code, string.Create(CultureInfo.InvariantCulture, $"{count} bytes of output differ from {whose}{text}.") + hint(expected.CommonPrefixLength(actual) / size));
    }

    /// <summary>The exception, after what belongs to it was kept as artefacts.</summary>
    private FirmwareAssertionException Fail(string code, string message)
    {
        string where = $" Target {Image.Target.Name}, adapter {run.AdapterIndex.ToString(CultureInfo.InvariantCulture)}.";
        return new FirmwareAssertionException(code, message + where + TestArtifacts.Keep(options, Image, samples, $"{code}: {message}{where}", Result));
    }
}
