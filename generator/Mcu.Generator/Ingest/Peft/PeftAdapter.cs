using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Real numbers of an adapter in the layout of the training framework, row-major.</summary>
public sealed record AdapterTensor(Shape Shape, EquatableArray<float> Values);

/// <summary>
/// A low-rank change of a layer's weights, <c>W' = W + Scale·B·A</c>.
/// </summary>
/// <param name="A">Linear: <c>[r,in]</c>; convolution: <c>[r,in,kh,kw]</c>.</param>
/// <param name="B">Linear: <c>[out,r]</c>; convolution: <c>[out,r/groups,1,1]</c>.</param>
/// <param name="Rank">r, after <c>rank_pattern</c>.</param>
/// <param name="Scale">α/r, or α/√r with <c>use_rslora</c>, after <c>alpha_pattern</c>.</param>
public sealed record LoraFactors(AdapterTensor A, AdapterTensor B, int Rank, double Scale);

/// <summary>What an adapter changes in one module of the network it was trained on.</summary>
/// <param name="Module">Dotted module name without PEFT's prefix.</param>
/// <param name="Lora">Low-rank change, or null.</param>
/// <param name="Bias">Replacement of the bias (<c>bias: all</c> or <c>lora_only</c>), or null.</param>
/// <param name="SavedWeight">Replacement of the whole weight (<c>modules_to_save</c>), or null.</param>
/// <param name="SavedBias">Replacement of the bias that came with <paramref name="SavedWeight"/>, or null.</param>
/// <param name="FanInFanOut">Whether the adapter declares weights stored as <c>[in,out]</c>; A and B are never transposed by it.</param>
public sealed record PeftModule(
    string Module,
    LoraFactors? Lora,
    AdapterTensor? Bias,
    AdapterTensor? SavedWeight,
    AdapterTensor? SavedBias,
    bool FanInFanOut)
{
    /// <summary>The replacement bias, wherever it was stored.</summary>
    public AdapterTensor? NewBias => SavedBias ?? Bias;
}

/// <summary>A PEFT adapter as read, not yet bound to a graph.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Sha256">Hash of configuration and weights, one after the other; lower-case hexadecimal.</param>
/// <param name="Modules">Ordered by name (ordinal).</param>
public sealed record PeftAdapter(string Name, string Sha256, EquatableArray<PeftModule> Modules);
