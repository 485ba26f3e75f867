using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>A lowered program as calls of managed kernels; memory plan and tables are the portable C program's.</summary>
/// <param name="Source">The portable C program.</param>
/// <param name="Steps">Its steps with their managed calls.</param>
/// <param name="Scratch">Elements of the arrays that kernels share.</param>
public sealed record NanoProgram(CProgram Source, EquatableArray<NanoStep> Steps, NanoScratch Scratch)
{
    /// <summary>Steps whose constants an adapter can switch, in the order of their slots.</summary>
    public IEnumerable<NanoStep> Linear => Steps.Where(s => s.Step.Layer.Linear is not null);

    /// <summary>Throws MCU1504 where an operator has no managed kernel, MCU0726 for an adapter that is a network of its own.</summary>
    public static NanoProgram Of(CProgram program)
    {
        Graph graph = program.Model.Graph;
        if (program.Model.Adapters.FirstOrDefault(a => a.Program is not null) is { } adapter)
        {
            throw new DiagnosticException("MCU0726", "The adapter adds nodes to the network; managed code switches tables of layers only.", adapter.Name, "Use --lang c.");
        }

        int rank = program.Deltas.IsOn ? program.Deltas.Rank : 0;
        EquatableArray<NanoStep> steps = program.Steps
            .Select(s => new NanoStep(s, NanoLowering.CallOf(new NanoContext(new NodeView(graph, s.Node), program.Model.LayerOf(s.Node, 0), s.Layer) { DeltaRank = rank })))
            .ToEquatableArray();
        NanoScratch scratch = steps.Select(s => s.Call.Scratch).OfType<NanoScratch>().Aggregate(new NanoScratch(0, 0, 0, 0), NanoScratch.Max);
        return new NanoProgram(program, steps, scratch);
    }

    /// <summary>Files under runtime-templates/nanoframework that the program needs.</summary>
    public IEnumerable<string> RuntimeFiles => Steps.SelectMany(s => s.Call.Files).Concat(Source.Deltas.IsOn ? NanoDeltaText.RuntimeFiles : []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}

/// <summary>One kernel call in both languages.</summary>
public sealed record NanoStep(CStep Step, NanoCall Call);
