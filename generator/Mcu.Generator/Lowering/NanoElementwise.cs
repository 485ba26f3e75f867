using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Lowering;

/// <summary>Arguments that managed kernels without weights share.</summary>
public static class NanoElementwise
{
    /// <summary>A pool; both have the same arguments.</summary>
    public static NanoCall Pool(NanoContext context, string kernel, Window2D window)
    {
        var layer = (ClampLayer)context.Layer;
        Shape x = context.View.Input(0).Shape;
        Shape y = context.View.Output.Shape;
        return new NanoCall(
            kernel,
            [.. Files($"kernels/{((ICKernelRoom)OperatorCatalog.RoomOf(context.View.Node.Operator)!).KernelFolder}/{kernel}.cs")],
            [
                Number("inputH", x[1]), Number("inputW", x[2]), Number("inputC", x[3]), Number("outputH", y[1]), Number("outputW", y[2]),
                .. Geometry(window), Number("padTop", window.Padding.Top), Number("padLeft", window.Padding.Left),
                Number("low", layer.ActivationMin), Number("high", layer.ActivationMax),
            ]);
    }

    /// <summary>How two operands are walked.</summary>
    public static IEnumerable<(string Name, string Value)> Walk(NodeView view)
    {
        ElementwiseLowering.Walk walk = ElementwiseLowering.WalkOf(view);
        return
        [
            Number("inner", walk.Inner), .. Each("outer", walk.Outer),
            .. Each("aStride", walk.A.Take(3)), Number("aStep", walk.A[3]), .. Each("bStride", walk.B.Take(3)), Number("bStep", walk.B[3]),
        ];
    }

    /// <summary>Numbered arguments.</summary>
    public static IEnumerable<(string Name, string Value)> Each(string name, IEnumerable<long> values) => values.Select((v, i) => Number($"{name}{i}", v));
}
