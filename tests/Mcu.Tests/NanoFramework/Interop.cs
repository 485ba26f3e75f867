using System.Globalization;
using Mcu.Emulation.Managed;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Emission;

namespace Mcu.Tests.NanoFramework;

/// <summary>An emitted network over native code: its files, its assembly, and the native part built against a stand-in for the runtime.</summary>
internal sealed record Interop(CProgram Program, NanoEmission Emission, byte[] Assembly)
{
    private const string StandIn = "tests/Mcu.Tests/NanoFramework/native-standin";

    private static readonly string[] Warnings = ["-O2", "-Wall", "-Wextra", "-Werror"];

    public InteropContract Contract => Emission.Contract!;

    public int InputLength => (int)Program.Input.Shape.Elements;

    public int OutputLength => (int)Program.Output.Shape.Elements;

    /// <summary>What the class allocates: the arena and three bytes to align it.</summary>
    public int MemoryLength => Program.ArenaBytes + 3;

    public static NanoOptions Options { get; } = NanoOptions.Default with { Form = NanoForm.Interop, Namespace = "Acme.Networks" };

    public static Interop Of(Int8Model model, string name, NanoOptions? options = null) =>
        Of(CProgramBuilder.Build(model, KernelSet.Portable, PlannerOptions.Default, TestContext.Current.CancellationToken), name, options);

    public static Interop Of(CProgram program, string name, NanoOptions? options = null)
    {
        string prefix = CNames.Identifier(name);
        CEmission native = CEmitter.Emit(program, prefix, "host");
        NanoEmission emission = InteropEmitter.Emit(program, native, ManifestBuilder.Build(program, native, name, prefix, "host"), options ?? Options);
        return new Interop(program, emission, ManagedVerifier.Compile(emission));
    }

    /// <summary>Writes and builds the native folder, C as C and glue as C++, all warnings as errors; gives the program.</summary>
    public async Task<string> BuildAsync(params string[] sanitizers)
    {
        string folder = Firmware.Write(Emission.Files);
        string native = Path.Combine(folder, InteropEmitter.Folder);
        string objects = TestFolder.Create("interop");
        string[] includes = ["-I", native, "-I", Path.Combine(native, "mcu"), "-I", TestData.Repo(StandIn)];
        string[] c = [.. Directory.GetFiles(native, "*.c", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        string[] glue = [.. Directory.GetFiles(native, "*.cpp").Order(StringComparer.Ordinal)];
        Assert.Equal(2, glue.Length);
        string library = Path.Combine(objects, "network.o");
        Assert.Equal("", await Compilers.RunAsync("gcc", ["-std=c99", .. Warnings, .. sanitizers, .. includes, "-r", "-nostdlib", .. c, "-o", library]));
        string program = Path.Combine(objects, "runtime");
        string table = "-DTABLE=g_CLR_AssemblyNative_" + Contract.Assembly.Replace('.', '_');
        Assert.Equal("", await Compilers.RunAsync("g++", ["-std=c++11", .. Warnings, .. sanitizers, .. includes, table, .. glue, TestData.Repo(StandIn + "/runtime.cpp"), library, "-o", program]));
        return program;
    }

    /// <summary>Loads the compiled assembly's name, checksum and method place, and runs samples; one line for each call: result and output.</summary>
    public async Task<string[]> RunAsync(string program, byte[] samples, InteropCall? call = null)
    {
        InteropCall given = call ?? new InteropCall();
        var table = NativeTable.Read(Assembly);
        int slot = table.Slots.Index().Single(s => s.Item.Kind == NativeSlotKind.Native).Index;
        string file = Path.Combine(TestFolder.Create("samples"), "samples.bin");
        await File.WriteAllBytesAsync(file, samples, TestContext.Current.CancellationToken);
        int[] numbers = [slot, given.Adapter, MemoryLength + given.MemoryChange, given.MemoryShift, InputLength + given.InputChange, OutputLength + given.OutputChange];
        (int exit, string output, string errors) = await Compilers.ProcessAsync(
            program, [table.Assembly, (given.Checksum ?? table.Checksum).ToString("X8", CultureInfo.InvariantCulture), .. numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)), file]);
        Assert.Equal((0, ""), (exit, errors));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

/// <summary>How a call differs from the class's own.</summary>
internal sealed record InteropCall(int Adapter = 0, int MemoryChange = 0, int MemoryShift = 0, int InputChange = 0, int OutputChange = 0)
{
    /// <summary>The assembly's checksum, where it is another than that of its methods.</summary>
    public uint? Checksum { get; init; }
}
