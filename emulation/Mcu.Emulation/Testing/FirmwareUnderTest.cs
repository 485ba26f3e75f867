using Mcu.Emulation.Running;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Testing;

/// <summary>What is tested and how: a folder that <c>mcu compile</c> wrote, a target, an emulator.</summary>
public sealed record FirmwareTestOptions
{
    /// <summary>Name of the target.</summary>
    public string Target { get; init; } = "cortex-m4";

    /// <summary>Folder of targets of one's own, each <c>NAME/target.json</c> with its files; null for the built-in ones alone.</summary>
    public string? TargetFolder { get; init; }

    /// <summary>Runs the firmware; null for QEMU. Not disposed with the firmware under test.</summary>
    public IEmulator? Emulator { get; init; }

    /// <summary>Where tools are looked for.</summary>
    public ToolProbe Tools { get; init; } = new();

    /// <summary>
    /// Folder for what a failed assertion or run leaves (the image, inputs, outputs, instructions, the message), that of
    /// <c>MCU_TEST_ARTIFACTS</c> unless it is set; null for none.
    /// </summary>
    public string? Artifacts { get; init; } = Environment.GetEnvironmentVariable("MCU_TEST_ARTIFACTS");

    /// <summary>
    /// Whether golden files and budgets are written anew instead of compared: <c>MCU_UPDATE_GOLDEN=1</c>.
    /// </summary>
    public bool UpdateGolden { get; init; } = Environment.GetEnvironmentVariable("MCU_UPDATE_GOLDEN") == "1";

    /// <summary>Most emulators at a time of everything that shares this object.</summary>
    public SemaphoreSlim Parallel { get; init; } = new(Environment.ProcessorCount);
}

/// <summary>Built firmware of one network, to run samples through and to assert on the outcome.</summary>
public sealed class FirmwareUnderTest : IDisposable
{
    private readonly FirmwareTestOptions options;
    private readonly FirmwareRunner runner;
    private readonly LayerProbe probe;

    private FirmwareUnderTest(string folder, FirmwareImage image, FirmwareTestOptions options, FirmwareRunner runner)
    {
        probe = new LayerProbe(folder, image.Target, options.Tools, runner);
        Image = image;
        this.options = options;
        this.runner = runner;
    }

    public FirmwareImage Image { get; }

    /// <summary>Builds a compiled folder for the target. Errors: every diagnostic of <see cref="FirmwareBuilder"/>; MCU1086 for an unknown target, MCU1087 for a folder of targets that is not right, MCU1127 for artefacts that cannot be written.</summary>
    public static async Task<FirmwareUnderTest> BuildAsync(string folder, FirmwareTestOptions? options = null, CancellationToken cancellation = default)
    {
        FirmwareTestOptions chosen = options ?? new FirmwareTestOptions();
        ArtifactFolder.Check(chosen.Artifacts);
        TargetDescription target = TargetCatalog.Load(chosen.TargetFolder).Get(chosen.Target);
        FirmwareImage image = await new FirmwareBuilder(chosen.Tools).BuildAsync(folder, target, cancellation: cancellation);
        return new FirmwareUnderTest(folder, image, chosen, chosen.Emulator is { } emulator ? new FirmwareRunner(emulator) : new FirmwareRunner(chosen.Tools));
    }

    /// <summary>
    /// Runs samples, back to back in the network's input type. Waits for a place among <see cref="FirmwareTestOptions.Parallel"/>. A run that fails
    /// (fault, time limit, dead emulator) leaves artefacts and is the diagnostic of <see cref="FirmwareRunner"/>.
    /// </summary>
    public async Task<FirmwareOutcome> RunAsync(ReadOnlyMemory<byte> samples, RunOptions? run = null, CancellationToken cancellation = default)
    {
        await options.Parallel.WaitAsync(cancellation);
        try
        {
            RunResult result = await runner.RunAsync(Image, samples, run, cancellation);
            return new FirmwareOutcome(Image, samples, run ?? new RunOptions(), result, options, probe);
        }
        catch (DiagnosticException failure)
        {
            TestArtifacts.Keep(options, Image, samples, failure.Diagnostic.ToString(), null);
            throw;
        }
        finally
        {
            options.Parallel.Release();
        }
    }

    public void Dispose()
    {
        if (options.Emulator is null)
        {
            runner.Dispose();
        }
    }
}
