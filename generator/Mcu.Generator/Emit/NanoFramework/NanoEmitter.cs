using System.Collections.Immutable;
using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>Renders a program as managed code for .NET nanoFramework.</summary>
public static class NanoEmitter
{
    internal const string Root = "runtime-templates/nanoframework/";

    /// <summary>Bytes of array initialisers that one assembly takes beside its signatures: its heap of blobs ends at 65,535.</summary>
    private const int AssemblyDataBytes = 60_000;

    internal static readonly TemplateRenderer Renderer = new();

    /// <param name="program">What to emit.</param>
    /// <param name="name">The network's name.</param>
    public static NanoEmission Emit(NanoProgram program, string name, NanoOptions options)
    {
        string className = NanoNames.Class(name);
        bool inImage = options.Store switch
        {
            NanoStore.Code => false,
            NanoStore.Image => true,
            _ => program.Source.ConstantBytes > AssemblyDataBytes,
        };
        var constants = new NanoConstants(className, inImage);
        Dictionary<string, object?> variables = Variables(program, className, options, constants, inImage);
        WeightImageFile? image = inImage ? WeightImageFile.Of(program, variables, constants.Image()) : null;
        variables["image"] = image;
        string source = Renderer.Render(Root + "model/Network.cs.sbn", variables);
        if (!inImage && constants.Bytes > AssemblyDataBytes)
        {
            throw new DiagnosticException(
                "MCU1502", $"The constants take {constants.Bytes} bytes; initialisers of one nanoFramework assembly hold {AssemblyDataBytes}.", program.Source.Model.Graph.Source.FileName,
                "Use --weights image: the application hands over one file.");
        }

        var files = new SortedDictionary<string, string>(StringComparer.Ordinal) { [className + ".cs"] = source };
        var binaries = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        if (image is not null)
        {
            binaries[NanoEmission.ImageName(className)] = image.ToBytes();
            files["Mcu/WeightImage.cs"] = Templates.Read(Root + "runtime/WeightImage.cs");
            files["Mcu/Crc32.cs"] = Templates.Read(Root + "runtime/Crc32.cs");
        }
        else
        {
            for (int part = 0; part < constants.Classes; part++)
            {
                files[$"{className}Constants{part.ToString(CultureInfo.InvariantCulture)}.cs"] = Renderer.Render(
                    Root + "model/Constants.cs.sbn",
                    new Dictionary<string, object?>(StringComparer.Ordinal) { ["namespace"] = options.Namespace, ["class"] = className, ["part"] = part, ["members"] = constants.Members(part) });
            }
        }

        string[] runtime = [.. program.RuntimeFiles.Append("runtime/Linear.cs").Append("runtime/Guard.cs").Distinct(StringComparer.Ordinal)];
        foreach (string file in runtime)
        {
            files["Mcu/" + Path.GetFileName(file)] = NanoSource.Part(Templates.Read(Root + file), "ADAPTER_TERMS", runtime.Contains(NanoLowering.TermsFile, StringComparer.Ordinal));
        }

        long heap = constants.HeapBytes + program.Source.ArenaBytes + program.Scratch.Bytes;
        NanoProject.Add(
            files, program.Source, new NanoProjectText(options.Namespace, className, heap, constants.HeapBytes) { ScratchBytes = program.Scratch.Bytes, HasImage = binaries.Count > 0 });
        if (program.Source.Deltas.IsOn)
        {
            files[className + DeltaAbiText.Ending] = DeltaAbi.Of(program.Source).Text;
        }

        return new NanoEmission(options.Namespace, className, files.ToImmutableSortedDictionary(StringComparer.Ordinal), binaries.ToImmutable(), heap);
    }

    private static Dictionary<string, object?> Variables(NanoProgram program, string className, NanoOptions options, NanoConstants constants, bool inImage)
    {
        CProgram source = program.Source;
        List<NanoStep> linear = [.. program.Linear];
        var tables = new NanoTables(constants);
        List<NanoCallText> steps = [.. program.Steps.Select(s => new NanoCallText(Comment(source, s.Step), Call(source, s, linear, tables)))];
        List<NanoLinearText> layers = [.. linear.Select((s, i) => new NanoLinearText(i, NanoNames.Comment(s.Step.Node.Name), LinearText.Of(s.Step.Layer.Linear!, $"L{s.Step.Index}", null, "", s.Call.PacksWeights && options.PackWeights, s, constants, source.Deltas.IsOn)))];
        List<NanoAdapterText> adapters = [.. source.Model.Adapters.Select((a, i) => Adapter(source, i, linear, options, constants))];
        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["namespace"] = options.Namespace,
            ["class"] = className,
            ["banner"] = NanoText.Banner(source),
            ["input"] = NanoPortText.Of(source, source.Input),
            ["output"] = NanoPortText.Of(source, source.Output),
            ["arena_bytes"] = source.ArenaBytes,
            ["scratch"] = program.Scratch,
            ["in_image"] = inImage,
            ["steps"] = steps,
            ["layers"] = layers,
            ["adapters"] = adapters,
            ["delta"] = source.Deltas.IsOn ? NanoDeltaText.Of(source, linear, options) : null,
            ["tables"] = tables.Groups,
        };
    }

    private static string Call(CProgram program, NanoStep step, List<NanoStep> linear, NanoTables tables)
    {
        LoweredLayer layer = step.Step.Layer;
        string stem = $"L{step.Step.Index}";
        var arguments = new List<string>();
        if (layer.Linear is not null)
        {
            arguments.Add($"l[{linear.IndexOf(step)}]");
        }

        var fixedInputs = layer.ConstantInputs.ToDictionary(c => c.Input, c => tables.Reference(c.Table, $"{stem}Input{c.Input}"));
        foreach (int i in layer.DataInputs)
        {
            bool isConstant = fixedInputs.TryGetValue(i, out string? table);
            arguments.Add(isConstant ? table! : "a");
            arguments.Add(isConstant ? "0" : program.OffsetOf(step.Step.Node.Inputs[i]).ToString(CultureInfo.InvariantCulture));
        }

        arguments.Add("a");
        arguments.Add(program.OffsetOf(step.Step.Node.Output).ToString(CultureInfo.InvariantCulture));
        if (step.Call.Scratch is not null)
        {
            arguments.Add("s");
        }

        arguments.AddRange(step.Call.Tables.Select((t, i) => t is null ? "null" : tables.Reference(t, $"{stem}Table{i}")));
        arguments.AddRange(step.Call.Numbers.Select(n => $"{n.Name}: {n.Value}"));
        if (step.Call.Chunk > 0)
        {
            arguments.Add($"chunk: {(program.Deltas.IsOn ? $"l[{linear.IndexOf(step)}].Chunk" : step.Call.Chunk.ToString(CultureInfo.InvariantCulture))}");
        }

        return $"{step.Call.Kernel}.Run({string.Join(", ", arguments)});";
    }

    private static NanoAdapterText Adapter(CProgram program, int index, List<NanoStep> linear, NanoOptions options, NanoConstants constants)
    {
        var layers = new List<NanoLinearText>();
        for (int slot = 0; slot < linear.Count; slot++)
        {
            NanoStep step = linear[slot];
            if (step.Step.Layer.Adapters.Length > 0 && step.Step.Layer.Adapters[index] is { } tables)
            {
                layers.Add(new NanoLinearText(
                    slot,
                    NanoNames.Comment(step.Step.Node.Name),
                    LinearText.Of(tables, $"A{index + 1}L{step.Step.Index}", step.Step.Layer.Linear, $"set[{slot}]", step.Call.PacksWeights && options.PackWeights, step, constants, program.Deltas.IsOn)));
            }
        }

        string name = NanoNames.Class(program.Model.Adapters[index].Name);
        return new NanoAdapterText(index + 1, name, NanoNames.Comment(program.Model.Adapters[index].Name), layers);
    }

    private static string Comment(CProgram program, CStep step)
    {
        Tensor x = program.Model.Graph[step.Node.Inputs.First(program.BufferOf.ContainsKey)];
        Tensor y = program.Model.Graph[step.Node.Output];
        return CNames.Comment($"{step.Node.Name}: {x.Shape} -> {y.Shape}");
    }
}

/// <summary>Emitted C#.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="ClassName">The network's class.</param>
/// <param name="Files">Text by path.</param>
/// <param name="Binaries">Weight images by path.</param>
/// <param name="HeapBytes">Bytes that an object of the class keeps on the managed heap: arena, scratch and constants, without the arrays' headers.</param>
public sealed record NanoEmission(
    string Namespace, string ClassName, ImmutableSortedDictionary<string, string> Files, ImmutableSortedDictionary<string, byte[]> Binaries, long HeapBytes)
{
    /// <summary>As the manifest names it.</summary>
    public const string Language = "nanoframework";

    /// <summary>File of the weight image of a class.</summary>
    public static string ImageName(string className) => className + ".weights.bin";

    /// <summary>Every C# file to compile.</summary>
    public EquatableArray<string> Sources => [.. Files.Keys.Where(f => f.EndsWith(".cs", StringComparison.Ordinal))];

    /// <summary>The class with its namespace; also the assembly's name.</summary>
    public string FullName => Namespace + "." + ClassName;

    /// <summary>What the firmware's native code relies on; null for the managed form.</summary>
    public InteropContract? Contract { get; init; }
}
