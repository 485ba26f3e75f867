using Mcu.Emulation.Building;
using Mcu.Generator.Targets;

namespace Mcu.Emulation;

/// <summary>Builds a folder of emitted sources together with the harness.</summary>
public sealed class FirmwareBuilder
{
    private readonly GccToolchain toolchain;

    public FirmwareBuilder()
        : this(new ToolProbe())
    {
    }

    /// <param name="cacheFolder">Where built firmware is kept; null for the user's cache (or <c>MCU_CACHE</c>).</param>
    public FirmwareBuilder(ToolProbe tools, string? cacheFolder = null) =>
        toolchain = new GccToolchain(tools, cacheFolder is null ? new CacheFolder() : new CacheFolder(cacheFolder));

    /// <summary>
    /// Compiles and links for a target. The result lies in the user's cache and is found there again when nothing changed;
    /// nothing is written to <paramref name="emittedFolder"/>. Errors: MCU1001 to 1003, 1020 to 1022, 1080 to 1083.
    /// </summary>
    public Task<FirmwareImage> BuildAsync(
        string emittedFolder, TargetDescription target, BuildOptions? options = null, CancellationToken cancellation = default) =>
        toolchain.BuildAsync(emittedFolder, target, options ?? new BuildOptions(), cancellation);
}
