using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>An adapter whose every change belongs to a node of one graph, in that graph's weight layout.</summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="Sha256">Hash of its files.</param>
/// <param name="Patches">Ordered by node, at most one of a kind per node.</param>
public sealed record BoundAdapter(string Name, string Sha256, EquatableArray<BoundPatch> Patches)
{
    /// <summary>The delta image that the adapter is, which holds int8 tables in place of patches; null for others.</summary>
    public DeltaFile? Delta { get; init; }

    /// <summary>
    /// The canonical float graph with the adapter in it, where it adds nodes; there are no patches then. Null for others.
    /// </summary>
    public Graph? Structure { get; init; }

    /// <summary>What reports call the changes that are in <see cref="Structure"/>; empty for others.</summary>
    public EquatableArray<string> StructuralMethods { get; init; } = [];

    /// <summary>The changes of one node.</summary>
    public IEnumerable<BoundPatch> PatchesOf(string nodeName) => Patches.Where(p => p.NodeName == nodeName);
}

/// <summary>
/// One change of one node. Those of one node apply in this order: <see cref="WeightPatch"/>, <see cref="LoraPatch"/> and
/// <see cref="DifferencePatch"/>, <see cref="ColumnScalePatch"/>, <see cref="MagnitudePatch"/>, <see cref="RowScalePatch"/>; biases
/// <see cref="BiasPatch"/>, <see cref="BiasDifferencePatch"/>, <see cref="RowScalePatch"/>.
/// </summary>
/// <param name="NodeName">Node of the graph: Conv2D, DepthwiseConv2D, FullyConnected or LayerNormalization.</param>
/// <param name="Module">Module of the adapter it comes from.</param>
public abstract record BoundPatch(string NodeName, string Module);

/// <summary><c>W' = W + Scale·B·A</c>, rows of W being output channels.</summary>
/// <param name="A"><c>[r,KH,KW,I]</c> for a convolution, <c>[r,K]</c> for a fully connected layer.</param>
/// <param name="B"><c>[O,r]</c>; the factors of a folded batch normalisation are in it.</param>
/// <param name="Scale">α/r or α/√r.</param>
public sealed record LoraPatch(string NodeName, string Module, AdapterTensor A, AdapterTensor B, double Scale) : BoundPatch(NodeName, Module)
{
    /// <summary>r.</summary>
    public int Rank => A.Shape[0];
}

/// <summary>Another bias, also where the node had none.</summary>
/// <param name="Bias"><c>[O]</c>, real values.</param>
public sealed record BiasPatch(string NodeName, string Module, EquatableArray<float> Bias) : BoundPatch(NodeName, Module);

/// <summary>Other weights in the node's layout.</summary>
/// <param name="Weights">As many as the node's weights, real values.</param>
public sealed record WeightPatch(string NodeName, string Module, EquatableArray<float> Weights) : BoundPatch(NodeName, Module)
{
    /// <summary>Whether they come from a fine-tuned model, so that few of them may differ from the base's.</summary>
    public bool IsTuned { get; init; }

    /// <summary>The same weights in int8 with their scales, one or one per output, where the tuned model was int8; else null.</summary>
    public (EquatableArray<sbyte> Weights, EquatableArray<float> Scales)? Quantised { get; init; }
}

/// <summary>Values added to the weights, in the node's layout: sparse differences, and low-rank changes of a depthwise layer.</summary>
/// <param name="Difference">As many as the node's weights, real values.</param>
public sealed record DifferencePatch(string NodeName, string Module, EquatableArray<float> Difference) : BoundPatch(NodeName, Module)
{
    /// <summary>Why the change cannot be kept beside the weights as low-rank factors; empty where it has none.</summary>
    public string NoSidePath { get; init; } = "";
}

/// <summary>Values added to the bias, also where the node had none.</summary>
/// <param name="Difference"><c>[O]</c>, real values.</param>
public sealed record BiasDifferencePatch(string NodeName, string Module, EquatableArray<float> Difference) : BoundPatch(NodeName, Module);

/// <summary>DoRA: every output's weights are brought to a norm, <c>w[o] ← Norms[o]/‖w[o]‖ · w[o]</c>; the bias stays.</summary>
/// <param name="Norms"><c>[O]</c>; a negative one turns the weights' signs.</param>
public sealed record MagnitudePatch(string NodeName, string Module, EquatableArray<float> Norms) : BoundPatch(NodeName, Module);

/// <summary>(IA)³ on the input: every weight is multiplied by the factor of its input channel.</summary>
/// <param name="Factors">One per innermost weight position: input channels of a convolution, columns of a fully connected layer.</param>
public sealed record ColumnScalePatch(string NodeName, string Module, EquatableArray<float> Factors) : BoundPatch(NodeName, Module);

/// <summary>
/// Outputs are multiplied and shifted: <c>w[o] ← Factors[o]·w[o]</c>, <c>b[o] ← BiasFactors[o]·b[o] + BiasOffsets[o]</c>.
/// (IA)³ on the output, and batch normalisation with other parameters.
/// </summary>
public sealed record RowScalePatch(
    string NodeName, string Module, EquatableArray<float> Factors, EquatableArray<float> BiasFactors, EquatableArray<float> BiasOffsets)
    : BoundPatch(NodeName, Module)
{
    /// <summary>Whether a batch normalisation was tuned, and not (IA)³.</summary>
    public bool IsNormalization { get; init; }
}

/// <summary>Other parameters of a layer normalisation.</summary>
/// <param name="Gamma"><c>[K]</c>, or null for the base's.</param>
/// <param name="Beta"><c>[K]</c>, or null for the base's.</param>
public sealed record NormPatch(string NodeName, string Module, EquatableArray<float>? Gamma, EquatableArray<float>? Beta) : BoundPatch(NodeName, Module);
