using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;

namespace Mcu.Generator.Emit.C;

/// <summary>An int8 model lowered to kernel calls over a planned arena: all that the C emitter and the report need.</summary>
/// <param name="Model">The int8 model.</param>
/// <param name="Kernels">Instruction set of the kernels.</param>
/// <param name="Steps">Kernel calls in execution order; nodes that move nothing have none.</param>
/// <param name="Problem">What was planned.</param>
/// <param name="Plan">Where each buffer lies.</param>
/// <param name="BufferOf">Buffer of every activation; reshaped tensors share one.</param>
public sealed record CProgram(
    Int8Model Model,
    KernelSet Kernels,
    EquatableArray<CStep> Steps,
    PlanProblem Problem,
    MemoryPlan Plan,
    IReadOnlyDictionary<string, string> BufferOf)
{
    /// <summary>Delta images that the emitted code can attach.</summary>
    public DeltaSupport Deltas { get; init; } = DeltaSupport.None;

    public Tensor Input => Model.Graph[Model.Graph.Inputs[0]];

    public Tensor Output => Model.Graph[Model.Graph.Outputs[0]];

    /// <summary>Per adapter of the model its own program, where it adds nodes; null for others.</summary>
    public EquatableArray<CProgram?> Programs { get; init; } = [];

    /// <summary>The base's program and those of adapters.</summary>
    public IEnumerable<CProgram> All => Programs.OfType<CProgram>().Prepend(this);

    /// <summary>The arena of this program alone, in whole words.</summary>
    public int OwnArenaBytes => InWords(Plan.ArenaBytes);

    /// <summary>The arena that fits every program.</summary>
    public int ArenaBytes => All.Max(p => p.OwnArenaBytes);

    /// <summary>Rounded up to whole words.</summary>
    internal static int InWords(int bytes) => (bytes + CProgramBuilder.Alignment - 1) / CProgramBuilder.Alignment * CProgramBuilder.Alignment;

    /// <summary>Bytes of all constant arrays, equal ones counted once.</summary>
    public long ConstantBytes => All.SelectMany(p => p.Steps).SelectMany(s => s.Layer.Tables).Distinct().Sum(t => (long)t.Bytes);

    /// <summary>Offset of an activation in the arena.</summary>
    public int OffsetOf(string tensor) => Plan.Offsets[BufferOf[tensor]];
}

/// <summary>One kernel call.</summary>
/// <param name="Index">Position in the schedule; also the step of the plan.</param>
/// <param name="ScratchBuffer">Name of its temporary buffer in the plan, or null.</param>
public sealed record CStep(int Index, Node Node, LoweredLayer Layer, string? ScratchBuffer);
