using System.Collections.Immutable;
using System.Globalization;
using Mcu.Generator.Emit.C;

namespace Mcu.Generator.Emit.NanoFramework.Interop;

/// <summary>
/// Renders the form that computes in the firmware: the class in C# and its project, and a folder with the C, what binds it to the runtime, and a
/// module for the firmware's build.
/// </summary>
public static class InteropEmitter
{
    /// <summary>Folder of what the firmware needs; a folder of C by itself.</summary>
    public const string Folder = "native";

    /// <summary>Version in assembly and table; the checksum is what the runtime compares.</summary>
    private const string NativeVersion = "1.0.0.0";

    private const string Root = NanoEmitter.Root + "interop/";

    private const string RuntimeFolder = "mcu/";

    /// <param name="program">What to emit.</param>
    /// <param name="native">Its C.</param>
    /// <param name="manifest">Describes the C.</param>
    public static NanoEmission Emit(CProgram program, CEmission native, EmittedManifest manifest, NanoOptions options)
    {
        string className = NanoNames.Class(manifest.Name);
        InteropContract contract = InteropContract.Of(options.Namespace, className, native);
        IReadOnlyDictionary<string, object?> values = Values(program, manifest, contract, options.Namespace, className);
        string render(string name) => NanoEmitter.Renderer.Render(Root + name, values);
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal) { [className + ".cs"] = render("Network.cs.sbn") };
        int heap = program.ArenaBytes + Padding;
        NanoProject.Add(files, program, new NanoProjectText(options.Namespace, className, heap, native.WeightBytes + native.AdapterBytes)
        {
            Readme = "interop/README.md.sbn",
            NativeVersion = NativeVersion,
            Checksum = Checksum(contract),
        });
        string stem = Stem(contract);
        foreach ((string path, string text) in OutputFiles.OfC(native, manifest).Append(KeyValuePair.Create(stem + ".h", render("Native.h.sbn")))
            .Append(KeyValuePair.Create(stem + ".cpp", render("Table.cpp.sbn")))
            .Append(KeyValuePair.Create(stem + "_mshl.cpp", render("Marshal.cpp.sbn")))
            .Append(KeyValuePair.Create($"FindINTEROP-{contract.Assembly}.cmake", render("FindINTEROP.cmake.sbn"))))
        {
            files[$"{Folder}/{path}"] = text;
        }

        return new NanoEmission(
            options.Namespace,
            className,
            files.ToImmutableSortedDictionary(StringComparer.Ordinal),
            ImmutableSortedDictionary<string, byte[]>.Empty,
            heap)
        {
            Contract = contract,
        };
    }

    /// <summary>Bytes that aligning the arena in a managed array may take.</summary>
    private static int Padding => CProgramBuilder.Alignment - 1;

    private static string Stem(InteropContract contract) => contract.Assembly.Replace('.', '_');

    private static string Checksum(InteropContract contract) => "0x" + contract.Checksum.ToString("X8", CultureInfo.InvariantCulture);

    private static Dictionary<string, object?> Values(CProgram program, EmittedManifest manifest, InteropContract contract, string space, string className) => new(StringComparer.Ordinal)
    {
        ["namespace"] = space,
        ["class"] = className,
        ["banner"] = NanoText.Banner(program),
        ["input"] = NanoPortText.Of(program, program.Input),
        ["output"] = NanoPortText.Of(program, program.Output),
        ["arena_bytes"] = program.ArenaBytes,
        ["arena_padding"] = Padding,
        ["adapters"] = program.Model.Adapters.Select((a, i) => (object)new NanoAdapterText(i + 1, NanoNames.Class(a.Name), NanoNames.Comment(a.Name), [])).ToList(),
        ["method"] = contract.Method,
        ["assembly"] = contract.Assembly,
        ["stem"] = Stem(contract),
        ["class_name"] = contract.Native.ClassName,
        ["declaration"] = contract.Native.MethodName,
        ["slots"] = contract.Slots.Select(s => s.Kind == NativeSlotKind.Native ? $"Library_{Stem(contract)}_{s.ClassName}::{s.MethodName}" : "NULL").ToList(),
        ["checksum"] = Checksum(contract),
        ["version"] = NativeVersion,
        ["prefix"] = manifest.Prefix,
        ["macro"] = CNames.Macro(manifest.Prefix),
        ["sources"] = manifest.Sources.Where(s => !s.StartsWith(RuntimeFolder, StringComparison.Ordinal)).ToList(),
        ["runtime"] = manifest.Sources.Where(s => s.StartsWith(RuntimeFolder, StringComparison.Ordinal)).ToList(),
    };
}
