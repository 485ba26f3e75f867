using Mcu.Generator.Targets;

namespace Mcu.Emulation;

/// <summary>Turns emitted sources into something that can run.</summary>
public interface IToolchain
{
    /// <summary>Compiles, links and measures; errors MCU1001 to 1003, 1020 to 1022 and 1080 to 1083.</summary>
    Task<FirmwareImage> BuildAsync(string emittedFolder, TargetDescription target, BuildOptions options, CancellationToken cancellation);
}

/// <summary>Runs firmware over samples.</summary>
public interface IEmulator
{
    /// <summary>What stands before the target in <c>--on</c>: <c>host</c>, <c>qemu</c> or <c>renode</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Feeds the samples (back to back, in the network's input type) and collects outputs and measurements. Errors:
    /// MCU1001 to 1019 a tool is missing, 1020 to 1079 the firmware failed, 1084 and 1085 the request is wrong.
    /// </summary>
    Task<RunResult> RunAsync(FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation);
}
