using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>The standard lists of passes.</summary>
public static class StandardPasses
{
    /// <summary>For a float graph: NHWC, batch normalisations, biases, activations and paddings folded.</summary>
    public static PassPipeline Float { get; } = new(
    [
        new RemoveDeadNodes(),
        new ConstantFolding(),
        new RemoveIdentity(),
        new GemmToFullyConnected(),
        new MatMulToFullyConnected(),
        new FoldBias(),
        new FoldBatchNormalization(),
        new BatchNormalizationToDepthwise(),
        new NchwToNhwc(),
        new ConvToDepthwise(),
        new FoldPad(),
        new SplitCountedPadding(),
        new FoldActivation(),
        new MeanToAveragePool(),
        new SimplifyReshapes(),
        new RemoveIdentity(),
        new RemoveDeadNodes(),
    ]);

    /// <summary>For an int8 graph: what leaves every byte as it is.</summary>
    public static PassPipeline Int8 { get; } = new(
    [
        new StripEdgeQuantization(),
        new RemoveDeadNodes(),
        new RemoveIdentity(),
        new FoldPad(),
        new FoldActivation(),
        new SimplifyReshapes(),
        new RemoveDeadNodes(),
    ]);

    /// <summary>
    /// The form that quantisation, lowering and adapters work on. Weights and biases keep their names; where a fold
    /// changed their values, the weights' <see cref="Tensor.Fold"/> says how.
    /// </summary>
    /// <param name="graph">A validated graph as read.</param>
    /// <param name="notes">Receives what was folded.</param>
    /// <param name="dump">Called after each pass that changed the graph.</param>
    public static Graph Canonicalise(Graph graph, DiagnosticBag notes, Action<string, Graph>? dump = null) =>
        (graph.IsInt8 ? Int8 : Float).Run(graph, notes, dump);
}
