using Mcu.Generator.Graphs;

namespace Mcu.Generator.Execution;

/// <summary>Moves tensor data between axis orders.</summary>
public static class Permute
{
    /// <summary>NCHW to NHWC, for activations; OIHW to OHWI, for weights.</summary>
    public static EquatableArray<int> NchwToNhwc { get; } = [0, 2, 3, 1];

    /// <summary>NHWC to NCHW.</summary>
    public static EquatableArray<int> NhwcToNchw { get; } = [0, 3, 1, 2];

    /// <summary>The shape after <paramref name="permutation"/>: <c>result[i] == shape[permutation[i]]</c>.</summary>
    public static Shape Shape(Shape shape, EquatableArray<int> permutation) =>
        new(permutation.Select(p => shape[p]).ToEquatableArray());

    /// <summary>The permutation that undoes this one.</summary>
    public static EquatableArray<int> Inverse(EquatableArray<int> permutation)
    {
        var inverse = new int[permutation.Length];
        for (int i = 0; i < inverse.Length; i++)
        {
            inverse[permutation[i]] = i;
        }

        return EquatableArray.Wrap(inverse);
    }

    /// <summary>Whether the permutation leaves every axis where it is.</summary>
    public static bool IsIdentity(EquatableArray<int> permutation) =>
        permutation.Span.SequenceEqual(Enumerable.Range(0, permutation.Length).ToArray());

    /// <summary>A copy of the row-major data of <paramref name="shape"/> with its axes permuted.</summary>
    public static T[] Data<T>(ReadOnlySpan<T> data, Shape shape, EquatableArray<int> permutation)
    {
        var result = new T[data.Length];
        Copy(data, shape, permutation, result);
        return result;
    }

    /// <summary>Writes the permuted data into <paramref name="target"/>, row-major in the new order.</summary>
    public static void Copy<T>(ReadOnlySpan<T> data, Shape shape, EquatableArray<int> permutation, Span<T> target)
    {
        int rank = shape.Rank;
        if (rank == 0)
        {
            target[0] = data[0];
            return;
        }

        int[] strides = PermutedStrides(shape, permutation);
        int[] dims = [.. permutation.Select(p => shape[p])];
        int inner = dims[^1];
        int innerStride = strides[^1];
        var index = new int[rank];
        int source = 0;
        for (int done = 0; done < target.Length; done += inner)
        {
            for (int i = 0; i < inner; i++)
            {
                target[done + i] = data[source + (i * innerStride)];
            }

            source += Advance(index, dims, strides);
        }
    }

    /// <summary>Steps the outer index by one and returns the change of the source offset.</summary>
    private static int Advance(int[] index, int[] dims, int[] strides)
    {
        int change = 0;
        for (int axis = dims.Length - 2; axis >= 0; axis--)
        {
            if (++index[axis] < dims[axis])
            {
                return change + strides[axis];
            }

            change -= strides[axis] * (dims[axis] - 1);
            index[axis] = 0;
        }

        return change;
    }

    private static int[] PermutedStrides(Shape shape, EquatableArray<int> permutation)
    {
        var strides = new int[shape.Rank];
        int stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return [.. permutation.Select(p => strides[p])];
    }
}
