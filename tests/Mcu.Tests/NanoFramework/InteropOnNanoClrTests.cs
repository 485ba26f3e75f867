using System.Globalization;
using Mcu.Emulation.Managed.NanoClr;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>
/// The emitted native folder in a firmware of the real platform: nf-interpreter's host target, built with the emitted CMake module. Opt-in: it builds
/// the whole interpreter, which takes minutes.
/// </summary>
public sealed class InteropOnNanoClrTests
{
    /// <summary>Variable that names a checkout of nf-interpreter; nothing is written there.</summary>
    private const string SourceVariable = "NANO_INTERPRETER_SOURCE";

    private const string LastOfTable = "    nullptr,\n};\nconst uint16_t g_CLR_InteropAssembliesCount";

    private readonly string folder = TestFolder.Create("nano-firmware");

    [Fact]
    public async Task A_firmware_with_the_native_folder_gives_the_golden_bytes_and_refuses_another_network()
    {
        string source = Environment.GetEnvironmentVariable(SourceVariable) ?? "";
        Assert.SkipWhen(source.Length == 0, $"opt-in: needs {SourceVariable}, a checkout of nf-interpreter, with cmake and ninja (docs/NANOFRAMEWORK.md)");
        NanoClrTools tools = NanoClrTests.Require();
        Interop kws = Interop.Of(GoldenModel.Compile("kws", "cortex-m0plus").Program, "kws");
        NanoClrTools firmware = tools with { Interpreter = await BuildAsync(source, kws) };

        Assert.Equal(GoldenModel.Expected("kws"), await RunAsync(firmware, kws, 16));

        // The plain interpreter lacks the table: the assembly loads, and Run throws.
        DiagnosticException without = await Assert.ThrowsAsync<DiagnosticException>(() => RunAsync(tools, kws, 1));
        Assert.Equal("MCU1523", without.Diagnostic.Code);

        // The same class and input from other sources: another digest, so another checksum.
        Interop other = Interop.Of(GoldenModel.Compile("kws", "cortex-m4").Program, "kws");
        Assert.NotEqual(kws.Contract.Checksum, other.Contract.Checksum);
        DiagnosticException refused = await Assert.ThrowsAsync<DiagnosticException>(() => RunAsync(firmware, other, 1));
        Assert.Equal("MCU1523", refused.Diagnostic.Code);
        Assert.Contains("Invalid native checksum", refused.Diagnostic.Message, StringComparison.Ordinal);
    }

    private static async Task<byte[]> RunAsync(NanoClrTools tools, Interop network, int samples)
    {
        using var machine = new NanoClrMachine(tools, [new NanoClrNetwork(network.Emission, network.Assembly, 0)]);
        byte[] inputs = GoldenModel.Inputs(network.InputLength)[..(samples * network.InputLength)];
        IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(inputs, network.InputLength, network.OutputLength, TestContext.Current.CancellationToken);
        return [.. runs.SelectMany(r => r[0].Output)];
    }

    /// <summary>The host target with the network's table among its native assemblies; a script that takes nanoclr's arguments.</summary>
    private async Task<string> BuildAsync(string source, Interop network)
    {
        string native = Path.Combine(Firmware.Write(network.Emission.Files), InteropEmitter.Folder);
        string target = Path.Combine(folder, "targets", "posix");
        Copy(Path.Combine(source, "targets", "posix"), target);
        Directory.CreateSymbolicLink(Path.Combine(folder, "src"), Path.Combine(source, "src"));

        string assembly = network.Contract.Assembly;
        string table = "g_CLR_AssemblyNative_" + assembly.Replace('.', '_');
        string list = Path.Combine(target, "nanoCLR", "posix_stubs.cpp");
        string text = (await File.ReadAllTextAsync(list)).ReplaceLineEndings("\n");
        Assert.Contains(LastOfTable, text, StringComparison.Ordinal);
        text = text.Replace(LastOfTable, $"    &{table},\n{LastOfTable}", StringComparison.Ordinal)
            .Replace("const CLR_RT_NativeAssemblyData *g_CLR_InteropAssembliesNativeData[]", $"extern const CLR_RT_NativeAssemblyData {table};\n\nconst CLR_RT_NativeAssemblyData *g_CLR_InteropAssembliesNativeData[]", StringComparison.Ordinal);
        await File.WriteAllTextAsync(list, text);
        await File.AppendAllTextAsync(
            Path.Combine(target, "nanoCLR", "CMakeLists.txt"),
            string.Create(CultureInfo.InvariantCulture, $"\ninclude(\"{native}/FindINTEROP-{assembly}.cmake\")\ntarget_sources(nanoFramework.nanoCLR PRIVATE ${{{assembly}_SOURCES}})\n")
            + $"target_include_directories(nanoFramework.nanoCLR PRIVATE ${{{assembly}_INCLUDE_DIRS}})\n");

        string build = Path.Combine(folder, "build");
        await ToolAsync("cmake", "-S", target, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release");
        await ToolAsync("cmake", "--build", build);
        string script = Path.Combine(folder, "nanoclr");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nshift; exec '{build}/bin/nanoFramework.nanoCLR.test' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return script;
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
