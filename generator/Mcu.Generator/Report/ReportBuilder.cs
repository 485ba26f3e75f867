using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Generator.Planning;

namespace Mcu.Generator.Report;

/// <summary>Gathers a compilation's figures into its report.</summary>
public static class ReportBuilder
{
    public static CompileReport Build(CProgram program, CEmission emission, AdapterMemory memory, string name, string target, IReadOnlyList<Diagnostic> notes)
    {
        Graph graph = program.Model.Graph;
        EquatableArray<LayerReport> layers = program.Steps.Select(s => Layer(program, s)).ToEquatableArray();
        return new CompileReport
        {
            ToolVersion = Emit.ToolVersion.Text,
            Model = new ReportedModel(name, graph.Source.FileName, graph.Source.Sha256),
            Target = target,
            Totals = new ReportTotals(program.ArenaBytes, emission.WeightBytes, emission.AdapterBytes, layers.Sum(l => l.Macs))
            {
                BaseArenaBytes = memory.BaseArenaBytes,
                RemovedChannels = program.Steps.Where(s => s.Layer.Linear is not null).Sum(s => Removed(program, s)),
            },
            Layers = layers,
            Adapters = program.Model.Adapters.Select((a, i) => Adapter(program, emission, memory, a, i)).ToEquatableArray(),
            Plan = PlanReport.From(program.Problem, program.Plan, buffer => program.Steps.Any(s => s.ScratchBuffer == buffer)),
            Diagnostics = notes.Select(DiagnosticReport.From).ToEquatableArray(),
        };
    }

    private static LayerReport Layer(CProgram program, CStep step)
    {
        Graph graph = program.Model.Graph;
        IEnumerable<int> tables = step.Layer.BaseTables.Select(t => t.Bytes);
        return new LayerReport
        {
            Index = step.Index,
            Name = step.Node.Name,
            Operator = OperatorCatalog.RoomOf(step.Node.Operator).Name,
            Kernel = step.Layer.Function,
            InputShape = graph[step.Node.Inputs[0]].Shape.Dims,
            OutputShape = graph[step.Node.Output].Shape.Dims,
            RemovedChannels = Removed(program, step),
            Macs = OperatorCatalog.RoomOf(step.Node.Operator).Macs(new NodeView(graph, step.Node)),
            FlashBytes = tables.Sum(),
            RamBytes = BytesInUse(program, step.Index),
            ScratchBytes = step.Layer.ScratchBytes,
            AdapterModes = program.Model.Adapters
                .Select((a, i) => (Index: i + 1, Variant: a.Variants.GetValueOrDefault(step.Node.Name)))
                .Where(a => a.Variant is not null)
                .Select(a => new LayerAdapter(a.Index, a.Variant!.Mode))
                .ToEquatableArray(),
        };
    }

    private static int Removed(CProgram program, CStep step) => program.Model.Removal?.CountOf(step.Node.Output) ?? 0;

    /// <summary>Bytes of the arena that some live buffer covers; buffers in place count once.</summary>
    private static int BytesInUse(CProgram program, int step)
    {
        int bytes = 0;
        int end = 0;
        foreach (BufferRequest buffer in program.Problem.Buffers.Where(b => b.FirstStep <= step && step <= b.LastStep).OrderBy(b => program.Plan.Offsets[b.Name]))
        {
            int first = Math.Max(program.Plan.Offsets[buffer.Name], end);
            int last = Math.Max(program.Plan.Offsets[buffer.Name] + buffer.Bytes, first);
            bytes += last - first;
            end = last;
        }

        return bytes;
    }

    private static AdapterReport Adapter(CProgram program, CEmission emission, AdapterMemory memory, Int8Adapter adapter, int index)
    {
        AdapterLayerReport[] layers = [.. program.Steps
            .Where(s => adapter.Variants.ContainsKey(s.Node.Name))
            .Select(s => AdapterLayer(program, s, adapter.Variants[s.Node.Name], index))];
        AdapterProgramReport? own = program.Programs[index] is { } other ? Program(other) : null;
        return new AdapterReport
        {
            Index = index + 1,
            Name = adapter.Name,
            Sha256 = adapter.Sha256,
            Methods = adapter.Methods,
            FlashBytes = emission.BytesPerAdapter[index],
            RamBytes = memory.PerAdapter[index],
            ScratchBytes = memory.ScratchPerAdapter[index],
            ExtraMacs = own is null ? layers.Sum(l => l.ExtraMacs) : Math.Max(0, own.Macs - program.Steps.Sum(s => Layer(program, s).Macs)),
            Layers = layers.ToEquatableArray(),
            Program = own,
        };
    }

    private static AdapterProgramReport Program(CProgram own)
    {
        EquatableArray<LayerReport> layers = own.Steps.Select(s => Layer(own, s)).ToEquatableArray();
        return new AdapterProgramReport(own.OwnArenaBytes, layers.Sum(l => l.Macs), layers);
    }

    private static AdapterLayerReport AdapterLayer(CProgram program, CStep step, LayerVariant variant, int index)
    {
        HashSet<Lowering.CTable> shared = [.. step.Layer.Linear!.All];
        int flash = step.Layer.Adapters[index]!.All.Where(t => !shared.Contains(t)).Sum(t => t.Bytes);
        return new AdapterLayerReport(step.Index, step.Node.Name, variant.Mode, flash, ExtraMacs(program, step, variant.Layer as LinearLayer), variant.Note);
    }

    private static long ExtraMacs(CProgram program, CStep step, LinearLayer? layer)
    {
        if (layer is null)
        {
            return 0;
        }

        long perPosition = layer.Terms.Sum(t => t.A.Length + t.B.Length) + (layer.Corrections?.Columns.Length ?? 0);
        return perPosition * (program.Model.Graph[step.Node.Output].Shape.Elements / layer.OutputChannels);
    }
}
