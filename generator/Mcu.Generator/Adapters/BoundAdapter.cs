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

    /// <summary>The changes of one node.</summary>
    public IEnumerable<BoundPatch> PatchesOf(string nodeName) => Patches.Where(p => p.NodeName == nodeName);
}

/// <summary>One change of one node.</summary>
/// <param name="NodeName">Node of the graph: Conv2D, DepthwiseConv2D or FullyConnected.</param>
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
public sealed record WeightPatch(string NodeName, string Module, EquatableArray<float> Weights) : BoundPatch(NodeName, Module);
