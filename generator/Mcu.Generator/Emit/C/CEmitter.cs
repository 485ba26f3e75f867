using System.Collections.Immutable;
using System.Text;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.C;

/// <summary>Renders a lowered program as C sources: file name to text, all with LF line ends.</summary>
public static class CEmitter
{
    private const string RuntimeRoot = "runtime-templates/c/";
    private const string WeightsSection = "MCU_WEIGHTS";
    private const string AdapterSection = "MCU_ADAPTER";

    private static readonly TemplateRenderer Renderer = new();

    /// <param name="program">What to emit.</param>
    /// <param name="prefix">C identifier in front of every public name.</param>
    /// <param name="target">Target's name, for the banner.</param>
    public static CEmission Emit(CProgram program, string prefix, string target)
    {
        var pool = new SymbolPool();
        List<Node> adapted = [.. program.Model.AdaptedNodes];
        List<CLayer> layers = [.. program.Steps.Select(step => Layer(program, step, $"{prefix}_l{step.Index}", 0, pool, adapted))];
        List<AdapterSource> adapters = [.. program.Model.Adapters.Select((_, i) => Adapter(program, i, prefix, pool))];
        CModel model = Model(program, prefix, target, pool, layers, adapted, adapters);
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [$"{prefix}.h"] = Render("model.h", model),
            [$"{prefix}.c"] = Render("model.c", model),
            [$"{prefix}_io.c"] = Render("model_io.c", model),
            [$"{prefix}_constants.h"] = Render("constants.h", model),
            [$"{prefix}_weights.c"] = ConstantsFile(model, "", pool, 0, WeightsSection, ""),
        };
        foreach (AdapterSource adapter in adapters)
        {
            files[adapter.File] = ConstantsFile(model, AdapterBanner(program.Model.Adapters[adapter.Index - 1]), pool, adapter.Index, AdapterSection, adapter.Structs);
        }

        foreach (CAdapterProgram own in model.Programs)
        {
            files[own.File] = Render("program.c", model, ("program", own));
        }

        if (program.Deltas.IsOn)
        {
            files[$"{prefix}_delta.c"] = Render("model_delta.c", model);
            files[$"{prefix}.abi.txt"] = DeltaAbi.Of(program).Text;
        }

        foreach (string file in RuntimeFiles(program))
        {
            string text = Templates.Read(RuntimeRoot + file);
            files["mcu/" + Path.GetFileName(file)] = file == CDeltaText.RoomFile ? CDeltaText.Room(text, program.Deltas) : text;
        }

        return new CEmission(files.ToImmutableSortedDictionary(StringComparer.Ordinal), [.. model.Sources], model.WeightBytes, model.AdapterBytes, AdapterBytes(pool, adapters));
    }

    private static string Render(string name, CModel model, params (string Name, object Value)[] more) =>
        Renderer.Render($"{RuntimeRoot}model/{name}.sbn", model.Variables().Concat(more.Select(m => KeyValuePair.Create(m.Name, (object?)m.Value))).ToDictionary(StringComparer.Ordinal));

    /// <param name="stem">Start of the layer's symbols.</param>
    /// <param name="owner">0 for the base's layer, else the adapter that it is part of.</param>
    private static CLayer Layer(CProgram program, CStep step, string stem, int owner, SymbolPool pool, List<Node> adapted)
    {
        string linear = "";
        string parts = "";
        if (step.Layer.Linear is not null)
        {
            (linear, parts) = CAdapterText.Linear(step.Layer, step.Layer.Linear, stem, owner, program.Kernels, pool);
        }

        IEnumerable<string> tables = step.Layer.FieldTables.Select(t => CText.Field(t.Field, pool.Symbol(t.Table, $"{stem}_{t.Field}", owner)));
        return new CLayer
        {
            Index = step.Index,
            Comment = Comment(program, step),
            Function = step.Layer.Function,
            ParameterType = step.Layer.ParameterType,
            ParameterName = stem,
            Parameters = [.. step.Layer.Parameters, .. tables],
            Linear = linear,
            LinearName = stem + "_base",
            LinearParts = parts.TrimEnd('\n'),
            Arguments = Arguments(program, step, stem, owner, pool, adapted.IndexOf(step.Node)),
        };
    }

    private static string Arguments(CProgram program, CStep step, string stem, int owner, SymbolPool pool, int slot)
    {
        var arguments = new List<string> { "&" + stem };
        if (step.Layer.Linear is not null)
        {
            string compiled = slot >= 0 ? $"net->layers[{slot}]" : $"&{stem}_base";
            arguments.Add(program.Deltas.IsOn ? $"constants_of(net, {CDeltaText.SlotOf(program, step)}, {compiled}, &view)" : compiled);
        }

        var constants = step.Layer.ConstantInputs.ToDictionary(c => c.Input, c => pool.Symbol(c.Table, $"{stem}_input{c.Input}", owner, isOperand: true));
        string[] inputs = [.. step.Layer.DataInputs.Select(i => constants.TryGetValue(i, out string? symbol) ? symbol : Address(program.OffsetOf(step.Node.Inputs[i])))];
        arguments.AddRange(step.Layer.ListsInputs ? [$"(const int8_t *const[]){{{string.Join(", ", inputs)}}}"] : inputs);
        arguments.Add(Address(program.OffsetOf(step.Node.Output)));
        if (step.Layer.PassesScratch)
        {
            arguments.Add(step.ScratchBuffer is null ? "NULL" : Address(program.Plan.Offsets[step.ScratchBuffer]));
        }

        return string.Join(", ", arguments);
    }

    private static string Address(int offset) => offset == 0 ? "arena" : $"arena + {offset}";

    private static string Comment(CProgram program, CStep step)
    {
        Tensor x = program.Model.Graph[step.Node.Inputs.First(program.BufferOf.ContainsKey)];
        Tensor y = program.Model.Graph[step.Node.Output];
        string scale = CNames.Float(y.Quantization!.Scale);
        return CNames.Comment($"{step.Node.Name}: {x.Shape} at {program.OffsetOf(x.Name)} -> {y.Shape} at {program.OffsetOf(y.Name)}, scale {scale}, zero point {y.Quantization.ZeroPoint}");
    }

    private static AdapterSource Adapter(CProgram program, int index, string prefix, SymbolPool pool)
    {
        Int8Adapter adapter = program.Model.Adapters[index];
        var structs = new StringBuilder();
        var pointers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (CStep step in program.Steps.Where(s => s.Layer.Adapters.Length > 0 && s.Layer.Adapters[index] is not null))
        {
            string stem = $"{prefix}_a{index + 1}_l{step.Index}";
            (string initialiser, string parts) = CAdapterText.Linear(step.Layer, step.Layer.Adapters[index]!, stem, index + 1, program.Kernels, pool);
            structs.Append("\n/* ").Append(CNames.Comment(step.Node.Name)).Append(": ").Append(adapter.Variants[step.Node.Name].Mode).Append(" */\n")
                .Append(parts).Append("const mcu_linear ").Append(stem).Append(" = ").Append(initialiser).Append(";\n");
            pointers[step.Node.Name] = stem;
        }

        string name = CNames.Identifier(adapter.Name);
        return new AdapterSource(index + 1, name, $"{prefix}_adapter_{index + 1}_{name}.c", structs.ToString(), pointers);
    }

    /// <summary>Networks of adapters; their constants join those of the base and of the adapters before them.</summary>
    private static List<CAdapterProgram> Programs(CProgram program, string prefix, SymbolPool pool)
    {
        var programs = new List<CAdapterProgram>();
        foreach ((CProgram? own, int i) in program.Programs.Select((p, i) => (p, i)).Where(p => p.p is not null))
        {
            int index = i + 1;
            string name = program.Model.Adapters[i].Name;
            List<CLayer> layers = [.. own!.Steps.Select(step => Layer(own, step, $"{prefix}_a{index}_l{step.Index}", index, pool, []))];
            programs.Add(new CAdapterProgram(index, CNames.Comment(name), $"{prefix}_a{index}_run", $"{prefix}_program_{index}_{CNames.Identifier(name)}.c", KernelHeaders(own), layers));
        }

        return programs;
    }

    private static List<CPorts> Ports(CProgram program) => program.Programs.All(p => p is null)
        ? []
        : [.. program.Programs.Select(p => p ?? program).Prepend(program).Select((p, i) =>
            new CPorts(p.OffsetOf(p.Input.Name), p.OffsetOf(p.Output.Name), i == 0 ? "none" : CNames.Comment(program.Model.Adapters[i - 1].Name)))];

    private static IReadOnlyList<string> KernelHeaders(CProgram program) =>
        [.. program.Steps.SelectMany(s => s.Layer.Files).Where(f => f.StartsWith("kernels/", StringComparison.Ordinal) && f.EndsWith(".h", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)).Distinct().Order(StringComparer.Ordinal)];

    private static CModel Model(CProgram program, string prefix, string target, SymbolPool pool, List<CLayer> layers, List<Node> adapted, List<AdapterSource> adapters)
    {
        string macro = CNames.Macro(prefix);
        List<CAdapterProgram> programs = Programs(program, prefix, pool);
        var steps = program.Steps.ToDictionary(s => s.Node.Name, s => $"&{prefix}_l{s.Index}_base", StringComparer.Ordinal);
        IEnumerable<CAdapterRow> rows = adapters.Select(a => new CAdapterRow(a.Name, [.. adapted.Select(n => a.Pointers.TryGetValue(n.Name, out string? p) ? "&" + p : steps[n.Name])]));
        IEnumerable<string> runtime = RuntimeFiles(program).Where(f => f.EndsWith(".c", StringComparison.Ordinal)).Select(f => "mcu/" + Path.GetFileName(f));
        return new CModel
        {
            Prefix = prefix,
            Macro = macro,
            Banner = Banner(program, target),
            RuntimeVersion = RuntimeVersion.Number,
            ArenaBytes = program.ArenaBytes,
            ArenaAlignment = CProgramBuilder.Alignment,
            WeightBytes = pool.Arrays.Where(a => a.Owner == 0).Sum(a => a.Table.Bytes),
            AdapterBytes = pool.Arrays.Where(a => a.Owner > 0).Sum(a => a.Table.Bytes),
            PlanProof = CNames.Comment(program.Plan.Proof.Method),
            Input = Port(program, program.Input),
            Output = Port(program, program.Output),
            KernelHeaders = KernelHeaders(program),
            Layers = layers,
            Adapters = [.. adapters.Select(a => new CAdapter(a.Index, a.Name, $"{macro}_ADAPTER_{a.Index}_{CNames.Macro(a.Name)}", CNames.Comment(program.Model.Adapters[a.Index - 1].Name), a.File))],
            AdapterTable = [new CAdapterRow("none", [.. adapted.Select(n => steps[n.Name])]), .. rows],
            AdaptedLayers = adapted.Count,
            Declarations = Declarations(pool, adapters),
            Delta = program.Deltas.IsOn ? CDeltaText.Of(program, prefix) : null,
            Programs = programs,
            Ports = Ports(program),
            LayerCount = program.All.Max(p => p.Steps.Length),
            Sources = [$"{prefix}.c", $"{prefix}_io.c", $"{prefix}_weights.c", .. adapters.Select(a => a.File), .. programs.Select(p => p.File), .. program.Deltas.IsOn ? [$"{prefix}_delta.c"] : Array.Empty<string>(), .. runtime],
        };
    }

    private static List<string> Declarations(SymbolPool pool, List<AdapterSource> adapters) =>
    [
        .. pool.Arrays.Select(a => $"extern {a.CType} {a.Symbol}[{a.Table.Values.Length}];"),
        .. adapters.SelectMany(a => a.Pointers.Values).Select(p => $"extern const mcu_linear {p};"),
    ];

    private static CPort Port(CProgram program, Tensor tensor) => new(
        tensor.Shape.ToString(), (int)tensor.Shape.Elements, CNames.Float(tensor.Quantization!.Scale), tensor.Quantization.ZeroPoint, program.OffsetOf(tensor.Name));

    private static string ConstantsFile(CModel model, string ownBanner, SymbolPool pool, int owner, string section, string structs)
    {
        var text = new StringBuilder("/*\n").Append(model.Banner).Append(ownBanner).Append("\n */\n#include \"").Append(model.Prefix).Append("_constants.h\"\n");
        foreach (CArray array in pool.Arrays.Where(a => a.Owner == owner))
        {
            CWriter.Array(text.Append('\n'), array, section);
        }

        return text.Append(structs).ToString();
    }

    /// <summary>Names the base alone: an adapter that changes changes its own file and no other.</summary>
    private static string Banner(CProgram program, string target)
    {
        ModelSource source = program.Model.Graph.Source;
        return $" * Emitted by mcu {ToolVersion.Text} for target {CNames.Comment(target)}.\n * Model {CNames.Comment(source.FileName)}, SHA-256 {source.Sha256}.";
    }

    private static string AdapterBanner(Int8Adapter adapter) => $"\n * Adapter {CNames.Comment(adapter.Name)}, SHA-256 {adapter.Sha256}.";

    private static IEnumerable<string> RuntimeFiles(CProgram program) =>
        program.All.SelectMany(p => p.Steps).SelectMany(s => s.Layer.Files)
            .Concat(["runtime/mcu_runtime.h", "runtime/mcu_numerics.h", "runtime/mcu_linear.h"])
            .Concat(program.Deltas.IsOn ? CDeltaText.RuntimeFiles : [])
            .Concat(program.Deltas is { IsOn: true, CacheBytes: > 0 } ? CDeltaText.CacheFiles : [])
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static EquatableArray<int> AdapterBytes(SymbolPool pool, List<AdapterSource> adapters) =>
        adapters.Select(a => pool.Arrays.Where(array => array.Owner == a.Index).Sum(array => array.Table.Bytes)).ToEquatableArray();

    private sealed record AdapterSource(int Index, string Name, string File, string Structs, Dictionary<string, string> Pointers);
}

/// <summary>Emitted sources and their sizes.</summary>
/// <param name="Files">Text by path in the output folder.</param>
/// <param name="Sources">Files to compile.</param>
/// <param name="WeightBytes">Constant arrays of the base.</param>
/// <param name="AdapterBytes">Constant arrays of all adapters.</param>
/// <param name="BytesPerAdapter">The same per adapter; an array that two adapters share counts for the first.</param>
public sealed record CEmission(
    ImmutableSortedDictionary<string, string> Files,
    EquatableArray<string> Sources,
    int WeightBytes,
    int AdapterBytes,
    EquatableArray<int> BytesPerAdapter);
