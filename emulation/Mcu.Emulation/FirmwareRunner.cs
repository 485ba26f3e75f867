using Mcu.Emulation.Building;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Running;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation;

/// <summary>Runs built firmware where its target says: as a process of the host, or in QEMU.</summary>
public sealed class FirmwareRunner
{
    private readonly HostProcess host = new();
    private readonly QemuEmulator qemu;

    public FirmwareRunner()
        : this(new ToolProbe())
    {
    }

    /// <param name="cacheFolder">Where the compiled instruction counter is kept; null for the user's cache.</param>
    public FirmwareRunner(ToolProbe tools, string? cacheFolder = null) =>
        qemu = new QemuEmulator(tools, cacheFolder is null ? new CacheFolder() : new CacheFolder(cacheFolder));

    /// <summary>
    /// Feeds the samples (back to back, in the network's input type) and collects outputs and measurements. One process for
    /// all samples; it is ended on a time limit or a cancellation. Errors: MCU1001 to 1019 a tool is missing, 1020 to 1079
    /// the firmware failed, 1084 and 1085 the request is wrong.
    /// </summary>
    public Task<RunResult> RunAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions? options = null, CancellationToken cancellation = default)
    {
        IEmulator emulator = image.Target.IsHost ? host : qemu;
        return emulator.RunAsync(image, inputs, options ?? new RunOptions(), cancellation);
    }

    /// <summary>As <see cref="RunAsync"/>, and says in which functions the instructions were executed (MCU1088 on the host).</summary>
    public Task<FirmwareProfile> ProfileAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions? options = null, CancellationToken cancellation = default) =>
        image.Target.IsHost
            ? throw new DiagnosticException("MCU1088", "Instructions are not counted on the host.", hint: "Choose an emulated target.")
            : qemu.ProfileAsync(image, inputs, options ?? new RunOptions(), cancellation);
}
