using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>Constant operands of element-wise operators, as patterns look for them.</summary>
internal static class ConstantOperand
{
    /// <summary>Exporters write √2, 1/√2 and the like with as few as six digits.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>The value of a float constant with one element, or null.</summary>
    public static float? Scalar(Graph graph, string name) =>
        graph[name].Data is FloatData { Length: 1 } data ? data.Values[0] : null;

    public static bool Is(Graph graph, string name, double value) =>
        Scalar(graph, name) is { } found && Math.Abs(found - value) <= Tolerance * Math.Abs(value);

    /// <summary>The input of a two-sided operator that is not <paramref name="name"/>; null where the node reads it twice or not at all.</summary>
    public static string? OtherThan(Node node, string name) =>
        (node.Inputs[0] == name, node.Inputs[1] == name) switch
        {
            (true, false) => node.Inputs[1],
            (false, true) => node.Inputs[0],
            _ => null,
        };

    /// <summary>
    /// The constant as one value for each of <paramref name="count"/> elements of the axis that lies
    /// <paramref name="fromEnd"/> axes from the end (1 is the last), or null when it is none or varies along another axis.
    /// </summary>
    public static float[]? AlongAxis(Tensor tensor, int fromEnd, int count)
    {
        if (tensor.Data is not FloatData)
        {
            return null;
        }

        if (tensor.Shape.Elements == 1)
        {
            return [.. Enumerable.Repeat(tensor.Floats()[0], count)];
        }

        int inner = (int)tensor.Shape.Dims.TakeLast(fromEnd - 1).Aggregate(1L, (product, d) => product * d);
        if (tensor.Shape.Rank < fromEnd || tensor.Shape[-fromEnd] != count)
        {
            return null;
        }

        // Exporters also write a bias once per token; it is one value per channel all the same.
        ReadOnlySpan<float> values = ((FloatData)tensor.Data).Values.Span;
        var channels = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / inner % count;
            if (i < count * inner && i % inner == 0)
            {
                channels[channel] = values[i];
            }

            if (values[i] != channels[channel])
            {
                return null;
            }
        }

        return channels;
    }
}
