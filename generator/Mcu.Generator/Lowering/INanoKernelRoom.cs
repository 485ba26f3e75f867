using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>What a room adds to reach managed code: the call of its C# kernel, the twin of its C kernel.</summary>
public interface INanoKernelRoom : ICKernelRoom
{
    /// <summary>The call that computes what <see cref="NanoContext.Lowered"/> does.</summary>
    NanoCall Call(NanoContext context);
}

/// <summary>What a room sees of one node that is lowered to C already: memory plan and tables are the same.</summary>
/// <param name="View">The node in its graph.</param>
/// <param name="Layer">Prepared constants of the base.</param>
/// <param name="Lowered">The portable C kernel's call.</param>
public sealed record NanoContext(NodeView View, Int8Layer Layer, LoweredLayer Lowered)
{
    /// <summary>Room for low-rank terms of delta images; 0 for none.</summary>
    public int DeltaRank { get; init; }
}

/// <summary>
/// A call of <c>Kernel.Run</c>. Arguments stand in this order: the layer's constants (where the layer is linear), arrays and offsets of the
/// inputs and of the output, scratch, tables, numbers.
/// </summary>
/// <param name="Kernel">Class under runtime-templates/nanoframework/kernels.</param>
/// <param name="Files">Files under runtime-templates/nanoframework that it needs.</param>
/// <param name="Numbers">Named arguments; <c>true</c>, <c>false</c> or integers as C# writes them.</param>
public sealed record NanoCall(string Kernel, EquatableArray<string> Files, EquatableArray<(string Name, string Value)> Numbers)
{
    /// <summary>Tables that the kernel takes as arrays; null where an optional one is missing.</summary>
    public EquatableArray<CTable?> Tables { get; init; } = [];

    /// <summary>Scratch of the kernel; null where it takes none.</summary>
    public NanoScratch? Scratch { get; init; }

    /// <summary>Argument <c>chunk</c> of the kernel: products that a lane can add up; 0 where it takes none.</summary>
    public int Chunk { get; init; }

    /// <summary>Whether the kernel takes the layer's weights three to a number when speed is wanted.</summary>
    public bool PacksWeights { get; init; }
}

/// <summary>Elements of the shared arrays that one kernel uses.</summary>
public sealed record NanoScratch(int Patch, int LanesA, int LanesB, int Terms)
{
    public static NanoScratch Max(NanoScratch a, NanoScratch b) => new(
        Math.Max(a.Patch, b.Patch), Math.Max(a.LanesA, b.LanesA), Math.Max(a.LanesB, b.LanesB), Math.Max(a.Terms, b.Terms));

    /// <summary>Bytes of heap without the arrays' headers.</summary>
    public int Bytes => Patch + (8 * (LanesA + LanesB)) + (4 * Terms);
}
