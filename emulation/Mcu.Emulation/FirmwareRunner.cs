using Mcu.Emulation.Qemu;
using Mcu.Emulation.Running;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation;

/// <summary>Runs built firmware where its target says: as a process of the host, or in an emulator (QEMU unless another is given).</summary>
public sealed class FirmwareRunner : IDisposable
{
    private readonly HostProcess host = new();
    private readonly IEmulator emulator;

    public FirmwareRunner()
        : this(new ToolProbe())
    {
    }

    /// <param name="cacheFolder">Where the compiled instruction counter is kept; null for the user's cache.</param>
    public FirmwareRunner(ToolProbe tools, string? cacheFolder = null) =>
        emulator = new QemuEmulator(tools, cacheFolder);

    /// <param name="emulator">Runs targets other than the host; disposed with this where it can be.</param>
    public FirmwareRunner(IEmulator emulator) => this.emulator = emulator;

    /// <summary>Name of the emulator, <c>qemu</c> or <c>renode</c>.</summary>
    public string EmulatorName => emulator.Name;

    /// <summary>
    /// Feeds the samples (back to back, in the network's input type) and collects outputs and measurements. One process for
    /// all samples; it is ended on a time limit or a cancellation. Errors: MCU1001 to 1019 a tool is missing, 1020 to 1079
    /// the firmware failed, 1084 and 1085 the request is wrong.
    /// </summary>
    public Task<RunResult> RunAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions? options = null, CancellationToken cancellation = default)
    {
        IEmulator place = image.Target.IsHost ? host : emulator;
        return place.RunAsync(image, inputs, options ?? new RunOptions(), cancellation);
    }

    /// <summary>As <see cref="RunAsync"/>, and says in which functions the instructions were executed (MCU1088 elsewhere than in QEMU).</summary>
    public Task<FirmwareProfile> ProfileAsync(
        FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions? options = null, CancellationToken cancellation = default) =>
        !image.Target.IsHost && emulator is QemuEmulator qemu
            ? qemu.ProfileAsync(image, inputs, options ?? new RunOptions(), cancellation)
            : throw new DiagnosticException("MCU1088", "Instructions are counted by function in QEMU only.", hint: "Choose a target of QEMU.");

    public void Dispose() => (emulator as IDisposable)?.Dispose();
}
