using Mcu.Generator.Graphs;
using Mcu.Generator.Targets;

namespace Mcu.Emulation;

/// <summary>Outputs and measurements of one run over a file of samples.</summary>
public sealed record RunResult
{
    public required TargetDescription Target { get; init; }

    /// <summary>The outputs of all samples back to back, in the network's output type.</summary>
    public required byte[] Outputs { get; init; }

    public required int Samples { get; init; }

    /// <summary>
    /// Instructions executed by the call of <c>PREFIX_run</c>, from its first to its return, per sample: exact. Empty where
    /// they cannot be counted; <see cref="Notes"/> says why.
    /// </summary>
    public required EquatableArray<long> InstructionsPerSample { get; init; }

    /// <summary>Bytes of stack that the call of <c>PREFIX_run</c> used at its deepest, per sample.</summary>
    public required EquatableArray<int> StackBytesPerSample { get; init; }

    /// <summary>
    /// Of firmware with <see cref="BuildOptions.Probes"/>: for each sample the outputs of all layers, back to back in the order of execution.
    /// Empty otherwise.
    /// </summary>
    public byte[] LayerOutputs { get; init; } = [];

    /// <summary>What a reader of the numbers must know.</summary>
    public required EquatableArray<string> Notes { get; init; }

    /// <summary>Median over samples (the lower of two middle values); null where instructions are not counted.</summary>
    public long? MedianInstructions =>
        InstructionsPerSample.Length == 0 ? null : InstructionsPerSample.Order().ElementAt((InstructionsPerSample.Length - 1) / 2);

    public long? MaxInstructions => InstructionsPerSample.Length == 0 ? null : InstructionsPerSample.Max();

    public int MaxStackBytes => StackBytesPerSample.Length == 0 ? 0 : StackBytesPerSample.Max();
}

/// <summary>Where the instructions of a run went.</summary>
/// <param name="TotalInstructions">Instructions of all calls of <c>PREFIX_run</c> together.</param>
/// <param name="Symbols">Per function, most first; the counts sum up to the total.</param>
/// <param name="Blocks">Per translated block, for a model of cycles.</param>
public sealed record FirmwareProfile(
    long TotalInstructions, int Calls, EquatableArray<SymbolCount> Symbols, EquatableArray<BlockCount> Blocks);

public sealed record SymbolCount(string Symbol, long Instructions);

/// <summary>A run of instructions from <paramref name="Start"/> to the one at <paramref name="Last"/>, executed together.</summary>
/// <param name="Length">Instructions of the block.</param>
/// <param name="Executions">How often it was entered.</param>
public sealed record BlockCount(uint Start, uint Last, int Length, long Executions);
