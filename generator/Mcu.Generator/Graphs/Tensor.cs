namespace Mcu.Generator.Graphs;

/// <summary>Element types that a graph may hold.</summary>
public enum DataType
{
    Float32,
    Int8,
    Int16,
    Int32,
    Int64,
}

/// <summary>
/// Where an activation comes from in the file as read, and how it lies now:
/// <paramref name="Permutation"/> maps the present axes to the source's (<c>source.Shape[Permutation[i]] == Shape[i]</c>),
/// empty for the same order.
/// </summary>
public sealed record TensorSource(string Name, EquatableArray<int> Permutation);

/// <summary>
/// What passes did to the weights of a layer beyond a change of axis order, so that an adapter trained on the source's
/// weights can follow. Set on the layer's weight constant; empty parts mean that nothing happened.
/// </summary>
/// <param name="RowScale">Factor per output channel (a folded batch normalisation): row o was multiplied by it.</param>
/// <param name="BiasOffset">Per output channel with <paramref name="RowScale"/>: present bias = RowScale·source bias + BiasOffset.</param>
/// <param name="ColumnPermutation">Fully connected after a flatten: present column j is the source's column ColumnPermutation[j].</param>
public sealed record WeightFold(EquatableArray<float> RowScale, EquatableArray<float> BiasOffset, EquatableArray<int> ColumnPermutation)
{
    /// <summary>
    /// Initializers that went into the layer's present bias by another way than RowScale·bias: the bias of a folded batch
    /// normalisation, a constant added afterwards. An adapter that replaces one of them cannot be followed.
    /// </summary>
    public EquatableArray<string> ForeignBiases { get; init; } = [];

    /// <summary>
    /// The batch normalisation that the last fold merged into the layer, so that an adapter can replace it; null for none, or where
    /// something else was folded after it.
    /// </summary>
    public FoldedNormalization? Normalization { get; init; }

    /// <summary>Groups of the source's convolution, whose weights were spread over all input channels with zeros; 1 for none.</summary>
    public int ExpandedGroups { get; init; } = 1;
}

/// <summary>A batch normalisation that no longer has a node: <c>y = (x − mean)/√(variance + epsilon)·scale + bias</c>, one value per channel.</summary>
/// <param name="NodeName">Name of its node.</param>
/// <param name="Names">Names of the initializers scale, bias, mean and variance.</param>
public sealed record FoldedNormalization(
    string NodeName,
    EquatableArray<string> Names,
    EquatableArray<float> Scale,
    EquatableArray<float> Bias,
    EquatableArray<float> Mean,
    EquatableArray<float> Variance,
    float Epsilon)
{
    /// <summary>What it multiplies a channel by.</summary>
    public double[] Factors() => [.. Scale.Select((s, c) => s / Math.Sqrt(Variance[c] + (double)Epsilon))];

    /// <summary>What it adds to a channel afterwards.</summary>
    public double[] Offsets()
    {
        double[] factors = Factors();
        return [.. Bias.Select((b, c) => b - (Mean[c] * factors[c]))];
    }
}

/// <summary>A named tensor of a graph: an activation, or a constant when <see cref="Data"/> is set.</summary>
/// <param name="Name">Unique in the graph; the name of the source model where it has one.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
public sealed record Tensor(string Name, DataType Type, Shape Shape)
{
    /// <summary>Quantisation of an int8 or int32 tensor; null for float and index tensors.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>Constant contents, or null for an activation.</summary>
    public TensorData? Data { get; init; }

    /// <summary>The tensor of the source file that this one holds, where passes kept one.</summary>
    public TensorSource? Source { get; init; }

    /// <summary>On a layer's weights: what passes folded into them; null when they are the source's weights.</summary>
    public WeightFold? Fold { get; init; }

    public bool IsConstant => Data is not null;

    public float[] Floats() => ((FloatData)Data!).Values.ToArray();
}

/// <summary>Contents of a constant tensor, row-major.</summary>
public abstract record TensorData
{
    public abstract int Length { get; }
}

public sealed record FloatData(EquatableArray<float> Values) : TensorData
{
    public override int Length => Values.Length;
}

public sealed record Int8Data(EquatableArray<sbyte> Values) : TensorData
{
    public override int Length => Values.Length;
}

public sealed record Int16Data(EquatableArray<short> Values) : TensorData
{
    public override int Length => Values.Length;
}

public sealed record Int32Data(EquatableArray<int> Values) : TensorData
{
    public override int Length => Values.Length;
}

public sealed record Int64Data(EquatableArray<long> Values) : TensorData
{
    public override int Length => Values.Length;
}
