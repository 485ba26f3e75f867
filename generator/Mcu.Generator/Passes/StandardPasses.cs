using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Passes;

/// <summary>The standard lists of passes.</summary>
public static class StandardPasses
{
    /// <summary>For a float graph, first part: decomposed operators fused, matrix products as layers with their biases.</summary>
    public static PassPipeline FloatOperators { get; } = new(
    [
        new RemoveDeadNodes(),
        new ConstantFolding(),
        new RemoveIdentity(),
        new FuseLayerNormalization(),
        new FuseGelu(),
        new ConstantOperands(),
        new GemmToFullyConnected(),
        new MatMulToFullyConnected(),
        new MatMulToBatchMatMul(),
        new FoldBias(),
    ]);

    /// <summary>Second part: NHWC, batch normalisations, biases, scales, activations and paddings folded.</summary>
    public static PassPipeline FloatLayers { get; } = new(
    [
        new FoldBias(),
        new FoldBiasThroughAdd(),
        new FoldScale(),
        new FoldBatchNormalization(),
        new BatchNormalizationToDepthwise(),
        new OrientBatchMatMul(),
        new NchwToNhwc(),
        new ConvToDepthwise(),
        new ExpandGroups(),
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
        new ExpandGroups(),
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
        Canonicalise(graph, GraphLoraMode.Run, notes, dump).Graph;

    /// <inheritdoc cref="Canonicalise(Graph, DiagnosticBag, Action{string, Graph}?)"/>
    /// <param name="lora">What happens to low-rank branches in the graph.</param>
    /// <exception cref="DiagnosticException">MCU0651: merge or lift is asked for, but the graph has no such branch.</exception>
    public static CanonicalForm Canonicalise(Graph graph, GraphLoraMode lora, DiagnosticBag notes, Action<string, Graph>? dump = null)
    {
        if (graph.IsInt8)
        {
            return new CanonicalForm(TakeGraphLora.Run(Int8.Run(graph, notes, dump), lora, notes).Graph, null);
        }

        Graph layers = FloatOperators.Run(graph, notes, dump);
        (Graph taken, PeftAdapter? lifted) = TakeGraphLora.Run(layers, lora, notes);
        if (!ReferenceEquals(taken, layers))
        {
            GraphValidator.Validate(taken);
            dump?.Invoke(nameof(TakeGraphLora), taken);
        }

        return new CanonicalForm(FloatLayers.Run(taken, notes, dump), lifted) { Layers = taken };
    }
}

/// <summary>A canonical graph, and the adapter that was lifted out of it, not yet bound (null for none).</summary>
public sealed record CanonicalForm(Graph Graph, PeftAdapter? Lifted)
{
    /// <summary>The float graph between the two parts of the passes; null for an int8 graph.</summary>
    public Graph? Layers { get; init; }
}
