using System.Globalization;
using Mcu.Emulation.Tools;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>
/// nf-interpreter's host target with the native folder of KWS, which its build takes through the emitted CMake module, and a heap that can be chosen. The sources are
/// those that a variable names; nothing is written there.
/// </summary>
/// <param name="Interpreter">Takes nanoclr's arguments.</param>
/// <param name="Network">What its native table is for.</param>
internal sealed record NanoFirmware(string Interpreter, Interop Network)
{
    /// <summary>Variable that names a checkout of nf-interpreter.</summary>
    private const string SourceVariable = "NANO_INTERPRETER_SOURCE";

    private const string HeapVariable = "NANO_HEAP_BYTES";

    private static readonly Lazy<Task<NanoFirmware>> Built = new(BuildAsync);

    /// <summary>The one firmware of this process, or a skipped test that says what it needs.</summary>
    public static Task<NanoFirmware> GetAsync()
    {
        Assert.SkipWhen(Source.Length == 0, $"opt-in: needs {SourceVariable}, a checkout of nf-interpreter, with cmake and ninja (docs/NANOFRAMEWORK.md)");
        return Built.Value;
    }

    /// <summary>The managed heap of its next starts, in bytes.</summary>
    public void SetHeap(int bytes) => File.WriteAllText(Interpreter + ".heap", bytes.ToString(CultureInfo.InvariantCulture));

    private static string Source => Environment.GetEnvironmentVariable(SourceVariable) ?? "";

    private static async Task<NanoFirmware> BuildAsync()
    {
        Interop network = Interop.Of(GoldenModel.Compile("kws", "cortex-m0plus").Program, "kws");
        string folder = TestFolder.Create("nano-firmware");
        string target = Path.Combine(folder, "targets", "posix");
        Copy(Path.Combine(Source, "targets", "posix"), target);
        Directory.CreateSymbolicLink(Path.Combine(folder, "src"), Path.Combine(Source, "src"));
        AddTable(Path.Combine(target, "nanoCLR"), network, Path.Combine(Firmware.Write(network.Emission.Files), InteropEmitter.Folder));
        Edit(
            Path.Combine(target, "nanoCLR", "Memory.cpp"),
            ("constexpr size_t c_DefaultHeapSizeBytes = 10 * 1024 * 1024;", $"static const size_t c_DefaultHeapSizeBytes = std::strtoul(std::getenv(\"{HeapVariable}\"), nullptr, 10);"));

        string build = Path.Combine(folder, "build");
        await ToolAsync("cmake", "-S", target, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release");
        await ToolAsync("cmake", "--build", build);
        string script = Path.Combine(folder, "nanoclr");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nshift\n{HeapVariable}=$(cat '{script}.heap')\nexport {HeapVariable}\nexec '{build}/bin/nanoFramework.nanoCLR.test' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var firmware = new NanoFirmware(script, network);
        firmware.SetHeap(10 << 20);
        return firmware;
    }

    /// <summary>The native folder's table among those of the firmware, its sources through the emitted module.</summary>
    private static void AddTable(string target, Interop network, string native)
    {
        const string tables = "const CLR_RT_NativeAssemblyData *g_CLR_InteropAssembliesNativeData[] = {\n";
        const string last = "    nullptr,\n};\nconst uint16_t g_CLR_InteropAssembliesCount";
        string assembly = network.Contract.Assembly;
        string table = "g_CLR_AssemblyNative_" + assembly.Replace('.', '_');
        Edit(Path.Combine(target, "posix_stubs.cpp"), (tables, $"extern const CLR_RT_NativeAssemblyData {table};\n\n{tables}"), (last, $"    &{table},\n{last}"));
        File.AppendAllText(
            Path.Combine(target, "CMakeLists.txt"),
            $"\ninclude(\"{native}/FindINTEROP-{assembly}.cmake\")\ntarget_sources(nanoFramework.nanoCLR PRIVATE ${{{assembly}_SOURCES}})\n"
            + $"target_include_directories(nanoFramework.nanoCLR PRIVATE ${{{assembly}_INCLUDE_DIRS}})\n");
    }

    private static void Edit(string file, params (string Old, string New)[] changes)
    {
        string text = File.ReadAllText(file).ReplaceLineEndings("\n");
        foreach ((string old, string by) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, by, StringComparison.Ordinal);
        }

        File.WriteAllText(file, text);
    }

    private static async Task ToolAsync(string program, params string[] arguments)
    {
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(new ProcessRequest(program, arguments) { Timeout = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome is null, $"needs {program}");
        Assert.True(outcome!.ExitCode == 0, outcome.StandardOutput + outcome.StandardError);
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
