using Mcu.Generator.Emit;
using Mcu.Generator.Graphs;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Evaluation;

/// <summary>An emitted folder, built once and run on the host or in an emulator.</summary>
public sealed class FirmwareModelRunner : IDeltaRunner, IDisposable
{
    private readonly string folder;
    private readonly EmittedManifest manifest;
    private readonly FirmwareBuilder builder;
    private readonly FirmwareRunner runner;
    private FirmwareImage? image;

    /// <param name="folder">Folder with <c>mcu.json</c>.</param>
    public FirmwareModelRunner(string folder, TargetDescription target, ToolProbe tools)
        : this(folder, target, tools, new FirmwareRunner(tools))
    {
    }

    /// <param name="folder">Folder with <c>mcu.json</c>.</param>
    /// <param name="runner">Disposed with this.</param>
    public FirmwareModelRunner(string folder, TargetDescription target, ToolProbe tools, FirmwareRunner runner)
    {
        this.runner = runner;
        this.folder = folder;
        Target = target;
        manifest = EmittedManifest.LoadC(folder);
        builder = new FirmwareBuilder(tools);
    }

    public TargetDescription Target { get; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; set; } = [];

    public string Name => Target.IsHost ? "host" : runner.EmulatorName + ":" + Target.Name;

    public Tensor Input => PortTensor("input", manifest.Input);

    public Tensor Output => PortTensor("output", manifest.Output);

    public async Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation)
    {
        AdapterIndices.Check(adapterIndex, manifest.Adapters.Length - 1);
        image ??= await builder.BuildAsync(folder, Target, cancellation: cancellation);
        RunResult result = await runner.RunAsync(image, samples, new RunOptions { AdapterIndex = adapterIndex, Deltas = Deltas }, cancellation);
        FirmwareSizes sizes = image.Sizes;
        return new RunMeasurements(result.Outputs, result.Samples)
        {
            MedianInstructions = result.MedianInstructions,
            MaxInstructions = result.MaxInstructions,
            StackBytes = result.MaxStackBytes,
            ArenaBytes = manifest.ArenaBytes,
            CodeBytes = sizes.CodeBytes,
            WeightBytes = sizes.WeightBytes,
            AdapterBytes = sizes.AdapterBytes,
            RamBytes = manifest.ArenaBytes + sizes.DataBytes + sizes.BssBytes + result.MaxStackBytes,
            Notes = result.Notes,
        };
    }

    /// <summary>Where the instructions of one run go, by function.</summary>
    public async Task<FirmwareProfile> ProfileAsync(ReadOnlyMemory<byte> samples, CancellationToken cancellation)
    {
        image ??= await builder.BuildAsync(folder, Target, cancellation: cancellation);
        return await runner.ProfileAsync(image, samples, new RunOptions { Deltas = Deltas }, cancellation);
    }

    public void Dispose() => runner.Dispose();

    internal static Tensor PortTensor(string name, EmittedPort port) => new(name, DataType.Int8, new Shape(port.Shape))
    {
        Quantization = new Quantization((float)(port.Scale ?? 1), port.ZeroPoint ?? 0),
    };
}
