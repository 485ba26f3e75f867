using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Generator.Planning;

namespace Mcu.Generator.Emit.C;

/// <summary>Lowers an int8 model to kernel calls and plans its memory.</summary>
public static class CProgramBuilder
{
    /// <summary>Alignment of every buffer: words, which the kernels load.</summary>
    public const int Alignment = 4;

    /// <summary>Builds without a place for the planner's warnings.</summary>
    public static CProgram Build(Int8Model model, KernelSet kernels, PlannerOptions options, CancellationToken cancellation) =>
        Build(model, kernels, DeltaSupport.None, options, new DiagnosticBag(), cancellation);

    public static CProgram Build(
        Int8Model model, KernelSet kernels, DeltaSupport deltas, PlannerOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        Graph graph = model.Graph;
        Require(graph, graph.Inputs.Length == 1 && graph.Outputs.Length == 1, "MCU0911", "The emitted interface has one input and one output.");
        (List<CStep> steps, Dictionary<string, string> aliases) = StepsOf(model, kernels, deltas);
        Require(graph, steps.Count > 0, "MCU0912", "The network computes nothing.");
        PlanProblem problem = ProblemOf(graph, steps, aliases);
        MemoryPlan plan = MemoryPlanner.Plan(problem, options, notes, cancellation);
        PlanVerifier.Verify(problem, plan);
        return new CProgram(model, kernels, steps.ToEquatableArray(), problem, plan, aliases)
        {
            Deltas = deltas,
            Programs = model.Adapters.Select(a => a.Program is null ? null : Build(a.Program, kernels, DeltaSupport.None, options, notes, cancellation)).ToEquatableArray(),
        };
    }

    /// <summary>What there is to plan of a model.</summary>
    public static PlanProblem Problem(Int8Model model, KernelSet kernels, DeltaSupport deltas)
    {
        (List<CStep> steps, Dictionary<string, string> aliases) = StepsOf(model, kernels, deltas);
        return ProblemOf(model.Graph, steps, aliases);
    }

    /// <summary>Kernel calls of the model in execution order.</summary>
    public static IReadOnlyList<CStep> Steps(Int8Model model, KernelSet kernels) => StepsOf(model, kernels, DeltaSupport.None).Steps;

    private static (List<CStep> Steps, Dictionary<string, string> Aliases) StepsOf(Int8Model model, KernelSet kernels, DeltaSupport deltas)
    {
        Graph graph = model.Graph;
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal) { [graph.Inputs[0]] = graph.Inputs[0] };
        var steps = new List<CStep>();
        foreach (Node node in graph.Nodes)
        {
            LoweredLayer? layer = Lower(model, node, kernels, deltas);
            aliases[node.Output] = layer is null ? aliases[node.Inputs.First(aliases.ContainsKey)] : node.Output;
            if (layer is not null)
            {
                steps.Add(new CStep(steps.Count, node, layer, layer.ScratchBytes > 0 ? "scratch:" + node.Name : null));
            }
        }

        return (steps, aliases);
    }

    private static LoweredLayer? Lower(Int8Model model, Node node, KernelSet kernels, DeltaSupport deltas)
    {
        var view = new NodeView(model.Graph, node);
        if (OperatorCatalog.RoomOf(node.Operator) is not ICKernelRoom room)
        {
            throw view.Error("MCU0913", "the operator has no C kernel");
        }

        EquatableArray<Int8Layer?> variants = model.Adapters
            .Select(a => a.Variants.TryGetValue(node.Name, out LayerVariant? variant) ? variant.Layer : null)
            .ToEquatableArray();
        return room.Lower(new LoweringContext(view, model.LayerOf(node, 0), variants, kernels) { DeltaRank = deltas.IsOn ? deltas.Rank : 0 });
    }

    private static PlanProblem ProblemOf(Graph graph, List<CStep> steps, Dictionary<string, string> aliases)
    {
        var buffers = new List<BufferRequest>();
        var overlaps = new List<OverlapRule>();
        foreach (string buffer in aliases.Values.Distinct(StringComparer.Ordinal))
        {
            buffers.Add(RequestOf(graph, buffer, steps, aliases));
        }

        foreach (CStep step in steps)
        {
            if (step.ScratchBuffer is not null)
            {
                buffers.Add(new BufferRequest(step.ScratchBuffer, step.Layer.ScratchBytes, step.Index, step.Index, Alignment));
            }

            foreach (Overlap overlap in step.Layer.Overlaps)
            {
                string input = aliases[step.Node.Inputs[overlap.InputIndex]];
                overlaps.Add(new OverlapRule(input, aliases[step.Node.Output], overlap.Distance, overlap.Exact));
            }
        }

        return new PlanProblem(buffers.ToEquatableArray(), overlaps.Distinct().ToEquatableArray());
    }

    /// <summary>A buffer lives from the step that writes it to the last that reads it; the output to the end.</summary>
    private static BufferRequest RequestOf(Graph graph, string buffer, List<CStep> steps, Dictionary<string, string> aliases)
    {
        int first = steps.FindIndex(s => aliases[s.Node.Output] == buffer);
        int last = steps.FindLastIndex(s => s.Node.Inputs.Any(i => aliases.TryGetValue(i, out string? root) && root == buffer));
        bool isOutput = aliases[graph.Outputs[0]] == buffer;
        int begin = Math.Max(first, 0);
        int end = isOutput ? steps.Count - 1 : Math.Max(last, begin);
        return new BufferRequest(buffer, checked((int)graph[buffer].Shape.Elements), begin, end, Alignment);
    }

    private static void Require(Graph graph, bool condition, string code, string message)
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, graph.Source.FileName);
        }
    }
}
