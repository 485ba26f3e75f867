using System.Collections.Concurrent;
using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;
using Mcu.Generator.Targets;

namespace Mcu.Tests.EndToEnd;

/// <summary>Compiles networks into temporary folders and runs them; skips the test when a tool is missing.</summary>
internal static class Firmware
{
    private static readonly ToolProbe Tools = new();

    private static readonly Lazy<TargetCatalog> Targets = new(() => TargetCatalog.Load());

    /// <summary>Emitted folders by what they hold; a folder serves every test that needs the same bytes.</summary>
    private static readonly ConcurrentDictionary<string, string> Folders = new(StringComparer.Ordinal);

    public static TargetDescription Target(string name) => Targets.Value.Get(name);

    public static CompileResult Compile(CompileOptions options) =>
        Pipeline.Compile(options, new DiagnosticBag(), null, TestContext.Current.CancellationToken);

    /// <summary>Writes emitted files to a temporary folder, once per content.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> files)
    {
        KeyValuePair<string, string>[] all = [.. files];
        string key = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\0', all.Select(f => f.Key + '\0' + f.Value)))));
        return Folders.GetOrAdd(key, _ => WriteNew(all));
    }

    /// <summary>A runner of a model that was built in memory.</summary>
    public static async Task<FirmwareModelRunner> RunnerAsync(Int8Model model, string target, string name = "net", KernelSet? kernels = null) =>
        await RunnerAsync(Emit(model, target, name, kernels), target);

    public static async Task<FirmwareModelRunner> RunnerAsync(IEnumerable<KeyValuePair<string, string>> files, string target)
    {
        await SkipWithoutToolsAsync(target);
        return new FirmwareModelRunner(Write(files), Target(target), Tools);
    }

    /// <summary>The emitted files of a model, as a compilation writes them.</summary>
    public static SortedDictionary<string, string> Emit(Int8Model model, string target, string name = "net", KernelSet? kernels = null, DeltaSupport? deltas = null)
    {
        KernelSet set = kernels ?? (Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);
        CProgram program = CProgramBuilder.Build(model, set, deltas ?? DeltaSupport.None, PlannerOptions.Default, new DiagnosticBag(), TestContext.Current.CancellationToken);
        string prefix = CNames.Identifier(name);
        CEmission emission = CEmitter.Emit(program, prefix, target);
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, string text) in emission.Files)
        {
            files[path] = text;
        }

        files[Generator.Emit.EmittedManifest.FileName] = Generator.Emit.ManifestBuilder.Build(program, emission, name, prefix, target).ToJson();
        return files;
    }

    public static async Task SkipWithoutToolsAsync(string target)
    {
        foreach (ToolKind kind in ToolProbe.KindsFor(Target(target)).Prepend(ToolKind.HostCompiler))
        {
            ToolStatus tool = await Tools.ProbeAsync(kind);
            Assert.SkipUnless(tool.Found, $"needs {tool.Name}: {tool.HowToGet}");
        }
    }

    private static string WriteNew(KeyValuePair<string, string>[] files)
    {
        string folder = TestFolder.Create("firmware");
        foreach ((string path, string text) in files)
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        return folder;
    }
}
