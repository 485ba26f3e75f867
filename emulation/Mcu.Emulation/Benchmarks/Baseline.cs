using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;

namespace Mcu.Emulation.Benchmarks;

/// <summary>Another runtime's figures for one model on one core.</summary>
/// <param name="CodeBytes">Code with the operators of the int8 model alone, where the file says so.</param>
public sealed record BaselineRow(string Model, string Core, string Name, long Instructions, long ArenaBytes, long StackBytes, long CodeBytes, long ModelBytes);

/// <summary>Measurements of another runtime, to stand beside ours.</summary>
public sealed class Baseline
{
    private const long MaxBytes = 16 << 20;
    private const string UpstreamFlags = "core -Os";
    private const string Optimised = "cmsis_nn";

    private readonly List<BaselineRow> rows;

    private Baseline(List<BaselineRow> rows) => this.rows = rows;

    public IReadOnlyList<BaselineRow> Rows => rows;

    /// <summary>
    /// Reads the runs that were built with upstream's flags (<c>opt</c> starts with "core -Os") and optimised kernels;
    /// MCU0140 for a file that is not of the form <c>{"runs": [{"model", "cpu", "kernels", "opt", "instructions", …}]}</c>.
    /// </summary>
    public static Baseline Read(string path)
    {
        byte[] file = InputFile.ReadAll(path, MaxBytes);
        try
        {
            BaselineFile document = JsonSerializer.Deserialize(file, BaselineJson.Default.BaselineFile) ?? throw new JsonException("null is no baseline");
            return new Baseline([.. document.Runs.Where(IsWanted).Select(Row)]);
        }
        catch (JsonException e)
        {
            throw new DiagnosticException("MCU0140", $"The baseline cannot be read: {e.Message}", path, "See docs/CLI.md for its form.");
        }
    }

    /// <summary>
    /// The row of a model on a core, or null. A file's name belongs to a model when it is the model's, or goes on with an
    /// underscore: <c>kws_int8</c> is <c>kws</c>.
    /// </summary>
    public BaselineRow? Find(string model, string core) => rows
        .Where(row => row.Core == core && (model == row.Model || model.StartsWith(row.Model + "_", StringComparison.Ordinal)))
        .MaxBy(row => row.Model.Length);

    private static bool IsWanted(BaselineRun run) =>
        run.Opt.StartsWith(UpstreamFlags, StringComparison.Ordinal) && run.Kernels.Contains(Optimised, StringComparison.Ordinal);

    private static BaselineRow Row(BaselineRun run) => new(
        run.Model, CoreOf(run.Cpu), run.Kernels, run.Instructions, run.ArenaBytes, run.StackBytesHighwater, run.FlashCodeBytesInt8onlyRegistrations ?? run.FlashCodeBytes, run.FlashModelBytes);

    /// <summary><c>cortex-m4f (mps2-an386)</c> is the core <c>cortex-m4</c>; the letter says that it has an FPU.</summary>
    private static string CoreOf(string cpu)
    {
        string core = cpu.Split(' ')[0];
        return core.EndsWith('f') ? core[..^1] : core;
    }
}

internal sealed record BaselineFile
{
    public required BaselineRun[] Runs { get; init; }
}

internal sealed record BaselineRun
{
    public required string Model { get; init; }

    public required string Cpu { get; init; }

    public required string Kernels { get; init; }

    public required string Opt { get; init; }

    public required long Instructions { get; init; }

    public long ArenaBytes { get; init; }

    public long StackBytesHighwater { get; init; }

    public long FlashCodeBytes { get; init; }

    public long FlashModelBytes { get; init; }

    public long? FlashCodeBytesInt8onlyRegistrations { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BaselineFile))]
internal sealed partial class BaselineJson : JsonSerializerContext;
