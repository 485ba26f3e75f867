using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Ingest.Structural;

/// <summary>A part of an adapter that adds nodes to the network (docs/ADAPTERS.md, "Adapters that change the structure").</summary>
/// <param name="Name">Kind and place as the archive names them, <c>bottleneck.encoder.fc2</c>.</param>
/// <param name="Place">A node, an activation or a layer's weights.</param>
public abstract record StructuralPart(string Name, string Place)
{
    /// <summary>What reports call it.</summary>
    public abstract string Method { get; }

    /// <summary>Tensors stored for the part.</summary>
    public abstract IEnumerable<AdapterTensor> Tensors { get; }
}

/// <summary>Activation between the two halves of a bottleneck.</summary>
public enum BottleneckActivation
{
    Relu,
    Relu6,
    Gelu,

    /// <summary>Gelu with the approximation by tanh.</summary>
    GeluTanh,

    /// <summary>None.</summary>
    Linear,
}

/// <summary><c>y' = y + scale·(up·f(down·x + b) + c)</c>, with x = y for a serial adapter.</summary>
/// <param name="Source">The place of x of a parallel adapter; null for the layer's own input.</param>
/// <param name="Down"><c>[r,d]</c>, or <c>[r,d,1,1]</c> for images.</param>
/// <param name="DownBias"><c>[r]</c>, or null.</param>
/// <param name="Up"><c>[d,r]</c>, or <c>[d,r,1,1]</c>.</param>
/// <param name="UpBias"><c>[d]</c>, or null.</param>
public sealed record BottleneckPart(
    string Name,
    string Place,
    string? Source,
    bool IsParallel,
    AdapterTensor Down,
    AdapterTensor? DownBias,
    AdapterTensor Up,
    AdapterTensor? UpBias,
    BottleneckActivation Activation,
    float Scale) : StructuralPart(Name, Place)
{
    /// <summary>r.</summary>
    public int Rank => Down.Shape[0];

    /// <summary>Whether it runs on every pixel of an image <c>[N,C,H,W]</c>; else on the last axis.</summary>
    public bool IsImage => Down.Shape.Rank == 4;

    public override string Method => IsParallel ? "parallel" : "bottleneck";

    public override IEnumerable<AdapterTensor> Tensors => new[] { Down, DownBias, Up, UpBias }.OfType<AdapterTensor>();
}

/// <summary>Keys and values in front of those that an attention computes.</summary>
/// <param name="Key"><c>[p,heads·size]</c> or <c>[heads,p,size]</c>.</param>
/// <param name="Value">The same for values, whose size may be another.</param>
public sealed record PrefixPart(string Name, string Place, AdapterTensor Key, AdapterTensor Value) : StructuralPart(Name, Place)
{
    public override string Method => "prefix";

    public override IEnumerable<AdapterTensor> Tensors => [Key, Value];
}

/// <summary>Tokens in front of those of a sequence.</summary>
/// <param name="Tokens"><c>[p,d]</c></param>
public sealed record PromptPart(string Name, string Place, AdapterTensor Tokens) : StructuralPart(Name, Place)
{
    /// <summary>p.</summary>
    public int Length => Tokens.Shape[0];

    public override string Method => "prompt";

    public override IEnumerable<AdapterTensor> Tensors => [Tokens];
}
