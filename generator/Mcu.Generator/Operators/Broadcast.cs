using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>NumPy broadcasting of two shapes.</summary>
internal static class Broadcast
{
    /// <summary>The common shape, or null when the shapes do not fit.</summary>
    public static int[]? Common(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (int i = 0; i < result.Length; i++)
        {
            int da = FromEnd(a, i);
            int db = FromEnd(b, i);
            if (da != db && da != 1 && db != 1)
            {
                return null;
            }

            result[^(i + 1)] = da == 1 ? db : da;
        }

        return result;
    }

    /// <summary>Element strides of a tensor seen in the broadcast shape: 0 where its dimension is repeated.</summary>
    public static int[] Strides(ReadOnlySpan<int> shape, int rank)
    {
        var strides = new int[rank];
        int stride = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            int dim = shape[^(i + 1)];
            strides[^(i + 1)] = dim == 1 ? 0 : stride;
            stride *= dim;
        }

        return strides;
    }

    /// <summary>Element offsets into both tensors for every element of the broadcast shape, row-major.</summary>
    public static IEnumerable<(int A, int B)> Offsets(int[] shape, int[] stridesA, int[] stridesB)
    {
        var index = new int[shape.Length];
        int a = 0;
        int b = 0;
        while (true)
        {
            yield return (a, b);
            int axis = shape.Length - 1;
            while (axis >= 0 && index[axis] == shape[axis] - 1)
            {
                a -= stridesA[axis] * index[axis];
                b -= stridesB[axis] * index[axis];
                index[axis--] = 0;
            }

            if (axis < 0)
            {
                yield break;
            }

            index[axis]++;
            a += stridesA[axis];
            b += stridesB[axis];
        }
    }

    /// <summary>The same for a node with two operands.</summary>
    public static IEnumerable<(int A, int B)> Offsets(Execution.NodeRun run)
    {
        int[] shape = run.Output.Shape.Dims.ToArray();
        return Offsets(shape, Strides(run.Input(0).Shape.Dims.Span, shape.Length), Strides(run.Input(1).Shape.Dims.Span, shape.Length));
    }

    private static int FromEnd(ReadOnlySpan<int> dims, int i) => i < dims.Length ? dims[^(i + 1)] : 1;
}
