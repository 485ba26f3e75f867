using System.Globalization;
using System.Reflection;
using Mcu.Generator.Emit;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Building;

/// <summary>The files that are built together with a network: harness, start-up, linker script.</summary>
internal static class HarnessSources
{
    public const string ReturnLabel = "mcu_harness_return";

    /// <summary>Where an AVR program stands when it has ended.</summary>
    public const string EndLabel = "mcu_platform_end";

    public const string LinkerScript = "target.ld";
    public const string SizesScript = "sizes.ld";

    private const int VectorBytes = 1024;

    private static readonly string[] HostFiles = ["harness.h", "harness.c", "platform_host.c"];
    private static readonly string[] BareFiles = ["harness.h", "harness.c", "semihosting.h", "platform_semihosting.c"];
    private static readonly string[] ArmFiles = [.. BareFiles, "platform_arm.c", "trampoline_arm.S"];
    private static readonly string[] AvrFiles = ["harness.h", "harness.c", "platform_avr.c", "trampoline_avr.S", "libgcc_avr.S"];
    private static readonly string[] RiscvFiles = [.. BareFiles, "platform_riscv.c", "trampoline_riscv.S"];

    /// <summary>All files by the name they get in the build folder.</summary>
    /// <param name="probes">Whether the output of every layer is written, where the manifest says where it stands.</param>
    public static SortedDictionary<string, string> For(TargetDescription target, EmittedManifest manifest, bool probes = false)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["harness_model.h"] = ModelHeader(manifest) + (probes ? Probes(manifest) : "") };
        foreach (string name in FilesOf(target.Toolchain))
        {
            files[name] = Resource("harness/" + name);
        }

        if (target.Firmware is { } firmware)
        {
            files[LinkerScript] = FillIn(TargetCatalog.ReadFile(target, firmware.LinkerScript), firmware);
            files[SizesScript] = target.IsAvr
                ? Resource("building/sizes_avr.ld").Replace("@PREFIX@", manifest.Prefix, StringComparison.Ordinal)
                : Resource("building/sizes.ld");
            foreach (string name in firmware.Startup)
            {
                files["start_" + Path.GetFileName(name)] = TargetCatalog.ReadFile(target, name);
            }
        }

        return files;
    }

    private static string[] FilesOf(ToolchainKind toolchain) => toolchain switch
    {
        ToolchainKind.HostCc => HostFiles,
        ToolchainKind.RiscvElfGcc => RiscvFiles,
        ToolchainKind.AvrGcc => AvrFiles,
        _ => ArmFiles,
    };

    /// <summary>A text embedded in this assembly.</summary>
    public static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource '{name}' is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string ModelHeader(EmittedManifest manifest)
    {
        string prefix = manifest.Prefix;
        string macro = prefix.ToUpperInvariant();
        return $"""
            #include "{manifest.Header}"
            #define MODEL_T {prefix}_t
            #define MODEL_INIT {prefix}_init
            #define MODEL_ADAPTER_SELECT {prefix}_adapter_select
            #define MODEL_INPUT {prefix}_input
            #define MODEL_OUTPUT {prefix}_output
            #define MODEL_RUN {prefix}_run
            {(manifest.Deltas is null ? "" : $"#define MODEL_DELTA_ATTACH {prefix}_delta_attach\n#define MODEL_DELTA_SELECT {prefix}_delta_select\n#define MODEL_DELTA_SELF_TEST {prefix}_delta_self_test")}
            #ifdef {macro}_DELTA_CACHE_BYTES
            #define MODEL_DELTA_CACHE {prefix}_delta_cache
            #define MODEL_DELTA_CACHE_BYTES {macro}_DELTA_CACHE_BYTES
            #endif
            #define MODEL_ARENA_BYTES {macro}_ARENA_BYTES
            #define MODEL_ARENA_ALIGNMENT {macro}_ARENA_ALIGNMENT
            #define MODEL_INPUT_BYTES {macro}_INPUT_BYTES
            #define MODEL_OUTPUT_BYTES {macro}_OUTPUT_BYTES
            #if MODEL_INPUT_BYTES != {Number(manifest.Input.Bytes)} || MODEL_OUTPUT_BYTES != {Number(manifest.Output.Bytes)} \
                || MODEL_ARENA_BYTES != {Number(manifest.ArenaBytes)}
            #error "the manifest's sizes are not those of the header"
            #endif

            """;
    }

    private static string Probes(EmittedManifest manifest) => manifest.LayerOutputs is { Length: > 0 } outputs
        ? $"""
            #define MODEL_SET_HOOK {manifest.Prefix}_set_hook
            #define MODEL_HAS_OWN_LAYERS(adapter) ({string.Concat(manifest.Adapters.Where(a => a.ArenaBytes is not null).Select(a => $"(adapter) == {Number(a.Index)} || "))}0)
            #define MODEL_PROBES {string.Join(", ", outputs.Select(o => $"{{{Number(o.Offset)}, {Number(o.Bytes)}}}"))}

            """
        : "";

    private static string FillIn(string script, TargetFirmware firmware)
    {
        uint text = firmware.Flash.Origin + (firmware.Vectors == firmware.Flash.Origin ? (uint)VectorBytes : 0);
        return script
            .Replace("@VECTORS@", Hex(firmware.Vectors), StringComparison.Ordinal)
            .Replace("@VECTORS_BYTES@", Number(VectorBytes), StringComparison.Ordinal)
            .Replace("@TEXT_ORIGIN@", Hex(text), StringComparison.Ordinal)
            .Replace("@FLASH_ORIGIN@", Hex(firmware.Flash.Origin), StringComparison.Ordinal)
            .Replace("@FLASH_LENGTH@", Hex(firmware.Flash.Length), StringComparison.Ordinal)
            .Replace("@RAM_ORIGIN@", Hex(firmware.Ram.Origin), StringComparison.Ordinal)
            .Replace("@RAM_LENGTH@", Hex(firmware.Ram.Length), StringComparison.Ordinal)
            .Replace("@STACK_BYTES@", Number(firmware.StackBytes), StringComparison.Ordinal);
    }

    private static string Hex(uint value) => "0x" + value.ToString("x8", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
