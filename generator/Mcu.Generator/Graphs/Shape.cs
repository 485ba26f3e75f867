namespace Mcu.Generator.Graphs;

/// <summary>Tensor dimensions, outermost first. Every dimension is at least 1 once a graph is validated.</summary>
public sealed record Shape(EquatableArray<int> Dims)
{
    public Shape(params int[] dims)
        : this(dims.ToEquatableArray())
    {
    }

    public static Shape Scalar { get; } = new(EquatableArray<int>.Empty);

    public int Rank => Dims.Length;

    /// <summary>Number of elements; a checked product, so a hostile shape cannot wrap around.</summary>
    /// <exception cref="OverflowException">The product does not fit 64 bits.</exception>
    public long Elements
    {
        get
        {
            long product = 1;
            foreach (int dim in Dims)
            {
                product = checked(product * dim);
            }

            return product;
        }
    }

    public int this[int axis] => Dims[axis < 0 ? axis + Rank : axis];

    public override string ToString() => "[" + string.Join("x", Dims) + "]";
}
