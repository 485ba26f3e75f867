using System.Globalization;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Managed.NanoClr;

/// <summary>
/// Networks on the real interpreter: assemblies go through the metadata processor into a temporary folder, and each batch of samples is one start of the
/// interpreter. Samples travel in assemblies of their own, since its program can read neither files nor a console.
/// </summary>
internal sealed class NanoClrMachine : IDisposable
{
    /// <summary>Output that one start prints, in characters: well below what is kept of a program's output.</summary>
    private const int BatchCharacters = 24_000;

    private const string Host = "McuHost";

    private readonly NanoClrTools tools;
    private readonly IReadOnlyList<NanoClrNetwork> networks;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mcu-nanoclr-");
    private readonly Dictionary<string, byte[]> assemblies = new(StringComparer.Ordinal);
    private readonly List<NanoClrImages> images = [];

    /// <param name="networks">Networks with the same input and output that take turns with each sample.</param>
    public NanoClrMachine(NanoClrTools tools, IReadOnlyList<NanoClrNetwork> networks)
    {
        this.tools = tools;
        this.networks = networks;
        for (int i = 0; i < networks.Count; i++)
        {
            byte[] weights = networks[i].Emission.Binaries.Values.FirstOrDefault() ?? [];
            images.Add(new NanoClrImages(
                [.. NanoClrSources.Data(string.Create(CultureInfo.InvariantCulture, $"McuImage{i}Part"), "byte", weights)],
                [.. networks[i].Deltas.Select((d, k) => NanoClrSources.Data(string.Create(CultureInfo.InvariantCulture, $"McuDelta{i}N{k}Part"), "byte", d).ToArray())]));
        }
    }

    /// <summary>Bytes of the networks' assemblies in the interpreter's form, weight images not included; known after the first run.</summary>
    public IReadOnlyList<long> AssemblyBytes => [.. networks.Select(n => new FileInfo(PePath(n.Emission.FullName)).Length)];

    /// <summary>
    /// Runs samples through every network. MCU1521 where an assembly is not converted, MCU1522 where the interpreter crashes, MCU1523 where it ends without
    /// the end marker, MCU1524 on the time limit, MCU1525 where its heap is too small, MCU1530 and MCU1531 where a network refuses a delta image.
    /// </summary>
    /// <returns>Per sample a run of each network.</returns>
    public async Task<IReadOnlyList<NanoClrRun[]>> RunAsync(ReadOnlyMemory<byte> samples, int inputLength, int outputLength, CancellationToken cancellation)
    {
        await ConvertNetworksAsync(cancellation);
        int batch = Math.Max(1, Math.Min(NanoClrSources.AssemblyDataBytes / inputLength, BatchCharacters / (networks.Count * ((2 * outputLength) + 40))));
        var results = new List<NanoClrRun[]>();
        for (int at = 0; at < samples.Length; at += batch * inputLength)
        {
            ReadOnlyMemory<byte> part = samples.Slice(at, Math.Min(batch * inputLength, samples.Length - at));
            results.AddRange(await RunBatchAsync(part, part.Length / inputLength, outputLength, cancellation));
        }

        return results;
    }

    public void Dispose()
    {
        if (folder.Exists)
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task ConvertNetworksAsync(CancellationToken cancellation)
    {
        if (assemblies.Count > 0)
        {
            return;
        }

        await File.WriteAllBytesAsync(DllPath(ManagedCompiler.CoreLibraryName), ManagedCompiler.CoreLibrarySurface(), cancellation);
        foreach (NanoClrNetwork network in networks)
        {
            await ConvertAsync(network.Emission.FullName, network.Assembly, cancellation);
        }

        foreach (NanoClrData data in images.SelectMany(i => i.All))
        {
            await ConvertAsync(data, cancellation);
        }
    }

    private async Task<IReadOnlyList<NanoClrRun[]>> RunBatchAsync(ReadOnlyMemory<byte> samples, int count, int outputLength, CancellationToken cancellation)
    {
        NanoClrData[] inputs = [.. NanoClrSources.Data("McuInputPart", "sbyte", samples)];
        foreach (NanoClrData data in inputs)
        {
            await ConvertAsync(data, cancellation);
        }

        SortedDictionary<string, string> program = NanoClrSources.Program(networks, images, inputs, count);
        byte[] host = ManagedCompiler.Compile(Host, program, assemblies.Where(a => a.Key != Host).Select(a => a.Value), isProgram: true);
        await ConvertAsync(Host, host, cancellation);
        string[] loaded = [.. networks.Select(n => n.Emission.FullName), .. images.SelectMany(i => i.All).Select(d => d.Name), .. inputs.Select(d => d.Name), Host];
        var request = new ProcessRequest(tools.Interpreter, ["run", "--assemblies", tools.CoreLibrary, .. loaded.Select(PePath)]) { Timeout = tools.Limit, WorkingDirectory = folder.FullName };
        ProcessOutcome outcome = await StartAsync(request, cancellation);
        return NanoClrOutput.Read(outcome, tools, networks.Count, count, outputLength);
    }

    private Task ConvertAsync(NanoClrData data, CancellationToken cancellation) =>
        ConvertAsync(data.Name, ManagedCompiler.Compile(data.Name, new Dictionary<string, string>(StringComparer.Ordinal) { [data.Name + ".cs"] = data.Source }), cancellation);

    private async Task ConvertAsync(string name, byte[] assembly, CancellationToken cancellation)
    {
        assemblies[name] = assembly;
        await File.WriteAllBytesAsync(DllPath(name), assembly, cancellation);
        File.Delete(PePath(name));
        IEnumerable<string> hints = assemblies.Keys.Where(k => k != name).Order(StringComparer.Ordinal).Prepend(ManagedCompiler.CoreLibraryName).SelectMany(k => (string[])["-loadHints", k, DllPath(k)]);
        var request = new ProcessRequest(tools.MetadataProcessor, [.. hints, "-parse", DllPath(name), "-compile", PePath(name), "false"]) { Timeout = tools.Limit, WorkingDirectory = folder.FullName };
        ProcessOutcome outcome = await StartAsync(request, cancellation);
        if (outcome.ExitCode != 0 || !File.Exists(PePath(name)))
        {
            throw new DiagnosticException(
                "MCU1521", $"The metadata processor did not convert {name} (exit code {outcome.ExitCode}): {NanoClrOutput.LastLine(outcome)}", tools.MetadataProcessor,
                "Use the metadata processor of the interpreter's version; it must take -loadHints, -parse and -compile FILE false.");
        }
    }

    private static async Task<ProcessOutcome> StartAsync(ProcessRequest request, CancellationToken cancellation)
    {
        ProcessOutcome outcome = await ProcessRunner.RunAsync(request, cancellation)
            ?? throw new DiagnosticException("MCU1520", $"'{request.File}' cannot be started.", request.File, "Make it executable, or name another program.");
        return outcome.TimedOut
            ? throw new DiagnosticException("MCU1524", $"The program did not end within {request.Timeout.TotalSeconds:0} s.", request.File, "A debugger or a loop after the program's end may hold it; see what it prints when started by hand.")
            : outcome;
    }

    private string DllPath(string name) => Path.Combine(folder.FullName, name + ".dll");

    private string PePath(string name) => Path.Combine(folder.FullName, name + ".pe");
}

/// <summary>One inference on the interpreter.</summary>
internal sealed record NanoClrRun(byte[] Output, TimeSpan Time);
