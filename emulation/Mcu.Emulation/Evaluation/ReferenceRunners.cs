using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Emulation.Evaluation;

/// <summary>The float graph as read; an adapter is merged into its weights.</summary>
public sealed class FloatRunner(Graph canonical, EquatableArray<BoundAdapter> adapters) : IModelRunner
{
    public string Name => "float";

    public Tensor Input => canonical[canonical.Inputs[0]];

    public Tensor Output => canonical[canonical.Outputs[0]];

    public Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation)
    {
        AdapterIndices.Check(adapterIndex, adapters.Length);
        Graph graph = adapterIndex == 0 ? canonical : FloatMerge.Apply(canonical, adapters[adapterIndex - 1]);
        return Task.Run(() => SampleLoop.Run(this, samples, x => FloatReference.Run(graph, new Dictionary<string, TensorValue> { [Input.Name] = x })[Output.Name], cancellation), cancellation);
    }
}

/// <summary>The C# int8 reference.</summary>
public sealed class ReferenceRunner(Int8Model model) : IModelRunner
{
    public string Name => "reference";

    public Tensor Input => model.Graph[model.Graph.Inputs[0]];

    public Tensor Output => model.Graph[model.Graph.Outputs[0]];

    public Task<RunMeasurements> RunAsync(ReadOnlyMemory<byte> samples, int adapterIndex, CancellationToken cancellation)
    {
        AdapterIndices.Check(adapterIndex, model.Adapters.Length);
        return Task.Run(() => SampleLoop.Run(this, samples, x => Int8Reference.Run(model, x, adapterIndex), cancellation), cancellation);
    }
}

internal static class AdapterIndices
{
    /// <summary>MCU0512 for an index that no adapter has.</summary>
    public static void Check(int index, int count)
    {
        if (index < 0 || index > count)
        {
            throw new DiagnosticException("MCU0512", $"There is no adapter {index}; indices are 0 (none) to {count}.", "", "Give --adapter-index in that range.");
        }
    }
}

internal static class SampleLoop
{
    public static RunMeasurements Run(IModelRunner runner, ReadOnlyMemory<byte> samples, Func<TensorValue, TensorValue> run, CancellationToken cancellation)
    {
        int size = SampleBytes.Of(runner.Input);
        int count = samples.Length / size;
        byte[][] outputs = new byte[count][];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
            outputs[i] = SampleBytes.FromValue(run(SampleBytes.ToValue(samples.Span.Slice(i * size, size), runner.Input))));
        return new RunMeasurements([.. outputs.SelectMany(o => o)], count);
    }
}
