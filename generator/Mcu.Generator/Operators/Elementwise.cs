using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>What element-wise operators share: shape rules and the walk over elements.</summary>
internal static class Elementwise
{
    /// <summary>The broadcast shape of two activations of the same type; MCU0627 when they do not fit.</summary>
    public static IReadOnlyList<OutputType> InferBinary(NodeView node)
    {
        Tensor a = ShapeRules.Activation(node, 0);
        Tensor b = ShapeRules.Activation(node, 1);
        ShapeRules.RequireSameType(node, a, b);
        int[]? common = Broadcast.Common(a.Shape.Dims.Span, b.Shape.Dims.Span);
        node.Require(common is not null, "MCU0627", $"'{a.Name}' {a.Shape} and '{b.Name}' {b.Shape} cannot be broadcast together");
        return ShapeRules.Output(node, a.Type, [.. common!.Select(d => (long)d)]);
    }

    public static IReadOnlyList<OutputType> InferUnary(NodeView node) => ShapeRules.SameAs(ShapeRules.Activation(node, 0));

    public static void Run(NodeRun run, Func<float, float, float> apply)
    {
        TensorValue a = run.Input(0);
        TensorValue b = run.Input(1);
        Span<float> y = run.Output.Floats;
        if (a.Shape == b.Shape)
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = apply(a.Floats[i], b.Floats[i]);
            }

            return;
        }

        int next = 0;
        foreach ((int ia, int ib) in Broadcast.Offsets(run))
        {
            y[next++] = apply(a.Floats[ia], b.Floats[ib]);
        }
    }

    /// <summary>The int8 reference of an operator of two operands.</summary>
    public static void RunInt8(NodeRun run, Func<int, int, sbyte> apply)
    {
        sbyte[] a = run.Input(0).Int8;
        sbyte[] b = run.Input(1).Int8;
        sbyte[] y = run.Output.Int8;
        if (run.Input(0).Shape == run.Input(1).Shape)
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = apply(a[i], b[i]);
            }

            return;
        }

        int next = 0;
        foreach ((int ia, int ib) in Broadcast.Offsets(run))
        {
            y[next++] = apply(a[ia], b[ib]);
        }
    }

    public static void Run(NodeRun run, Func<float, float> apply)
    {
        float[] x = run.Input(0).Floats;
        float[] y = run.Output.Floats;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = apply(x[i]);
        }
    }
}
