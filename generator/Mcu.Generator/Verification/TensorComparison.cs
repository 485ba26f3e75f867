using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Verification;

/// <summary>One tensor of a graph against its reference.</summary>
/// <param name="Tensor">Name in the graph.</param>
/// <param name="Node">Name of the node that writes it.</param>
/// <param name="Operator">That node's operator.</param>
/// <param name="Source">Name of the reference tensor.</param>
/// <param name="Difference">Largest absolute difference; infinite when the shapes differ, NaN when a value is.</param>
/// <param name="Tolerance">Largest difference allowed: <c>1e-4 · max|reference| + 1e-6</c>.</param>
public sealed record TensorComparison(string Tensor, string Node, string Operator, string Source, double Difference, double Tolerance)
{
    public const double RelativeTolerance = 1e-4;

    public const double AbsoluteTolerance = 1e-6;

    /// <summary>False also when the difference is NaN.</summary>
    public bool Passed => Difference <= Tolerance;

    /// <summary>Compares a value, given in the axis order of the graph, with the reference.</summary>
    public static TensorComparison Of(Node node, string tensor, TensorSource source, TensorValue value, TensorValue reference)
    {
        float[] actual = value.Floats;
        Shape shape = value.Shape;
        if (source.Permutation.Length > 0)
        {
            EquatableArray<int> back = Permute.Inverse(source.Permutation);
            actual = Permute.Data<float>(actual, shape, back);
            shape = Permute.Shape(shape, back);
        }

        double tolerance = (RelativeTolerance * reference.Floats.Select(f => Math.Abs((double)f)).DefaultIfEmpty(0).Max()) + AbsoluteTolerance;
        double difference = shape == reference.Shape ? MaxDifference(actual, reference.Floats) : double.PositiveInfinity;
        return new TensorComparison(tensor, node.Name, node.Operator.GetType().Name, source.Name, difference, tolerance);
    }

    private static double MaxDifference(float[] a, float[] b)
    {
        double max = 0;
        for (int i = 0; i < a.Length; i++)
        {
            // Equal infinities agree; NaN stays NaN and fails.
            max = a[i] == b[i] ? max : Math.Max(max, Math.Abs((double)a[i] - b[i]));
        }

        return max;
    }
}

/// <summary>All comparisons of one graph with its reference, in execution order.</summary>
public sealed record VerificationReport(EquatableArray<TensorComparison> Tensors)
{
    /// <summary>Whether something was compared and all of it agrees.</summary>
    public bool Passed => Tensors.Length > 0 && Tensors.All(t => t.Passed);

    public IEnumerable<TensorComparison> Failures => Tensors.Where(t => !t.Passed);
}
