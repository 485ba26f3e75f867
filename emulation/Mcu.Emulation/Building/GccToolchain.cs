using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Building;

/// <summary>Builds with a compiler that takes GCC's arguments: the host's own or a bare-metal one for Arm, RISC-V or AVR.</summary>
internal sealed class GccToolchain(ToolProbe tools, CacheFolder cache) : IToolchain
{
    private const string ImageName = "firmware.elf";
    private const string SizesName = "sizes.json";

    /// <summary>Changes when the way of building does, so that old entries of the cache are not found.</summary>
    private const string Recipe = "1";

    public async Task<FirmwareImage> BuildAsync(
        string emittedFolder, TargetDescription target, BuildOptions options, CancellationToken cancellation)
    {
        var sources = new EmittedSources(emittedFolder);
        ToolStatus compiler = await CompilerAsync(target, cancellation);
        SortedDictionary<string, string> harness = HarnessSources.For(target, sources.Manifest, options.Probes);
        IEnumerable<string> key =
        [
            Recipe, compiler.Path!, compiler.Version ?? "", target.Name, .. target.CFlags, "", .. target.LinkFlags, "",
            .. options.ExtraCFlags, "", .. options.ExtraLinkFlags, "", .. harness.Keys, "", .. harness.Values, "", .. sources.Fingerprint(),
        ];
        string entry = await cache.GetAsync("firmware", CacheFolder.Key(key), async folder =>
        {
            var build = new GccBuild(compiler.Path!, target, options, sources, folder);
            await build.RunAsync(harness, Path.Combine(folder, ImageName), cancellation);
            SaveSizes(Path.Combine(folder, SizesName), await build.MeasureAsync(cancellation));
            build.DeleteObjects();
        });
        return new FirmwareImage(Path.Combine(entry, ImageName), target, sources.Manifest, LoadSizes(Path.Combine(entry, SizesName)))
        {
            Compiler = compiler.Version ?? compiler.Name,
        };
    }

    private async Task<ToolStatus> CompilerAsync(TargetDescription target, CancellationToken cancellation)
    {
        if (target.IsHost)
        {
            return OperatingSystem.IsWindows()
                ? throw new DiagnosticException("MCU1001", "The host target needs a POSIX system.", hint: "Use an emulated target, or Linux.")
                : await tools.RequireAsync(ToolKind.HostCompiler, cancellation);
        }

        (ToolKind compiler, ToolKind library) = target.Toolchain switch
        {
            ToolchainKind.RiscvElfGcc => (ToolKind.RiscvCompiler, ToolKind.RiscvLibrary),
            ToolchainKind.AvrGcc => (ToolKind.AvrCompiler, ToolKind.AvrLibrary),
            _ => (ToolKind.ArmCompiler, ToolKind.ArmLibrary),
        };
        ToolStatus found = await tools.RequireAsync(compiler, cancellation);
        await tools.RequireAsync(library, cancellation);
        return found;
    }

    private static void SaveSizes(string path, FirmwareSizes sizes) =>
        File.WriteAllText(path, JsonSerializer.Serialize(sizes, SizesJson.Default.FirmwareSizes));

    private static FirmwareSizes LoadSizes(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), SizesJson.Default.FirmwareSizes)
        ?? throw new InvalidDataException("The cache's sizes are empty.");
}

[JsonSerializable(typeof(FirmwareSizes))]
internal sealed partial class SizesJson : JsonSerializerContext;
