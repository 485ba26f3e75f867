using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>
/// A tensor of the old graph seen through the new one: <c>Reshape(Transpose(Base, Permutation), Shape)</c>. Nothing is
/// computed until a node needs the tensor in its old order.
/// </summary>
internal sealed record LayoutView(string Base, Shape BaseShape, EquatableArray<int> Permutation, Shape Shape)
{
    public bool Moves => !Permute.IsIdentity(Permutation);

    /// <summary>Whether the view is a transpose alone.</summary>
    public bool IsPlain => Permute.Shape(BaseShape, Permutation) == Shape;

    public bool IsIdentity => BaseShape == Shape && !Moves;

    /// <summary>Whether the view only renames axes: its elements lie in the base's order.</summary>
    public bool KeepsOrder => SimplifyReshapes.KeepsOrder(BaseShape, Permutation);

    public static LayoutView Of(string name, Shape shape) =>
        new(name, shape, Enumerable.Range(0, shape.Rank).ToEquatableArray(), shape);

    /// <summary>A plain view, transposed.</summary>
    public LayoutView Transposed(EquatableArray<int> permutation) => this with
    {
        Permutation = permutation.Select(p => Permutation[p]).ToEquatableArray(),
        Shape = Permute.Shape(Shape, permutation),
    };
}
