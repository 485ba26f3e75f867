using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Evaluation;

/// <summary>One network in one form of execution: the float graph, the int8 reference, or firmware.</summary>
public interface IModelRunner
{
    /// <summary>How results name it: <c>float</c>, <c>reference</c>, <c>host</c> or <c>qemu:TARGET</c>.</summary>
    string Name { get; }

    /// <summary>The input: type, shape and quantisation of one sample.</summary>
    Tensor Input { get; }

    Tensor Output { get; }

    /// <summary>Runs samples given back to back in the input's type.</summary>
    /// <param name="adapterIndex">0 for the base.</param>
    Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation);
}

/// <summary>A form that takes delta images as a device does.</summary>
public interface IDeltaRunner : IModelRunner
{
    /// <summary>Delta images to attach for every run, in order.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; set; }
}

/// <summary>Outputs back to back, and what was measured; null where a form has no such figure.</summary>
public sealed record RunMeasurements(byte[] Outputs, int Samples)
{
    public long? MedianInstructions { get; init; }

    public long? MaxInstructions { get; init; }

    /// <summary>Wall-clock time of one inference, median over the samples, where an interpreter's is measured.</summary>
    public TimeSpan? MedianTime { get; init; }

    public TimeSpan? MaxTime { get; init; }

    public int? StackBytes { get; init; }

    public int? ArenaBytes { get; init; }

    public int? CodeBytes { get; init; }

    public int? WeightBytes { get; init; }

    public int? AdapterBytes { get; init; }

    /// <summary>Arena, data, bss and stack.</summary>
    public int? RamBytes { get; init; }

    public EquatableArray<string> Notes { get; init; }
}
