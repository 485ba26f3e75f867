using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Structural;

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
public sealed record LoraFactors(AdapterTensor A, AdapterTensor B, int Rank, double Scale)
{
    /// <summary>DoRA: norm that each row of <c>W + Scale·B·A</c> is brought to, <c>[out]</c>; null for plain LoRA.</summary>
    public AdapterTensor? Magnitude { get; init; }

    /// <summary><c>lora_bias</c>: bias of B, <c>[out]</c>, added to the layer's output times <see cref="Scale"/>; null for none.</summary>
    public AdapterTensor? OutputBias { get; init; }
}

/// <summary>(IA)³: the layer's output, or its input, is multiplied channel by channel.</summary>
/// <param name="Factors">One per channel; any shape with one dimension above 1.</param>
/// <param name="OnInput">Whether the input is multiplied (<c>feedforward_modules</c>); else the output, bias included.</param>
public sealed record ChannelScale(AdapterTensor Factors, bool OnInput);

/// <summary>Values that are added to single weights.</summary>
/// <param name="Indices">
/// <paramref name="Coordinates"/> rows of n numbers: with one, positions in the weight, row-major in the training framework's
/// layout; with more, one coordinate each (<c>[out,in]</c> for a linear layer).
/// </param>
/// <param name="Values">n values; those of one place add up.</param>
public sealed record SparseDifference(int Coordinates, EquatableArray<int> Indices, EquatableArray<float> Values);

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
    /// <summary>(IA)³ factors, or null.</summary>
    public ChannelScale? Scale { get; init; }

    /// <summary>Differences of single weights (SHiRA, diff pruning), or null.</summary>
    public SparseDifference? Sparse { get; init; }

    /// <summary>Difference of the whole weight, or null.</summary>
    public AdapterTensor? Difference { get; init; }

    /// <summary>Difference of the bias, or null.</summary>
    public AdapterTensor? BiasDifference { get; init; }

    /// <summary>Re-estimated mean of a batch normalisation, or null.</summary>
    public AdapterTensor? RunningMean { get; init; }

    /// <summary>Re-estimated variance of a batch normalisation, or null.</summary>
    public AdapterTensor? RunningVariance { get; init; }

    /// <summary>Whether the module can only be a normalisation: it has running statistics, or a weight of one dimension.</summary>
    public bool IsNormalization => RunningMean is not null || RunningVariance is not null || SavedWeight is { Shape.Rank: 1 };

    /// <summary>Whether nothing but a bias is changed.</summary>
    public bool IsBiasOnly => NewBias is not null && Lora is null && SavedWeight is null && Scale is null && Sparse is null
        && Difference is null && BiasDifference is null && RunningMean is null && RunningVariance is null;

    /// <summary>Every tensor stored for the module.</summary>
    public IEnumerable<AdapterTensor> Tensors =>
        new[] { Lora?.A, Lora?.B, Lora?.Magnitude, Lora?.OutputBias, Bias, SavedWeight, SavedBias, Scale?.Factors, Difference, BiasDifference, RunningMean, RunningVariance }
            .OfType<AdapterTensor>();

    /// <summary>Numbers stored for the module, indices of sparse differences not counted.</summary>
    public long Parameters => Tensors.Sum(t => (long)t.Values.Length) + (Sparse?.Values.Length ?? 0);

    /// <summary>The replacement bias, wherever it was stored.</summary>
    public AdapterTensor? NewBias => SavedBias ?? Bias;
}

/// <summary>A PEFT adapter as read, not yet bound to a graph.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Sha256">Hash of configuration and weights, one after the other; lower-case hexadecimal.</param>
/// <param name="Modules">Ordered by name (ordinal).</param>
public sealed record PeftAdapter(string Name, string Sha256, EquatableArray<PeftModule> Modules)
{
    /// <summary>Parts that add nodes to the network, ordered by name (ordinal).</summary>
    public EquatableArray<StructuralPart> Structure { get; init; } = [];
}
