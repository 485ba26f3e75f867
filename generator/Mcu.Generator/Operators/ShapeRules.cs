using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Checks that several rooms share. Everything is computed in 64 bits, so hostile attributes cannot overflow.</summary>
internal static class ShapeRules
{
    /// <summary>Bound on every dimension and window attribute.</summary>
    private const long Limit = GraphValidator.MaxElements;

    /// <summary>Bound on windows tried one by one; beyond it the padding is refused.</summary>
    private const long MaxTried = 1 << 16;

    /// <summary>The output's type and shape; MCU0623 when a dimension is empty, MCU0606 when the tensor is too large.</summary>
    public static IReadOnlyList<OutputType> Output(NodeView view, DataType type, params ReadOnlySpan<long> dims)
    {
        double product = 1;
        var shape = new int[dims.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            view.Require(dims[i] > 0, "MCU0623", $"output dimension {i} would be {dims[i]}", "The input is smaller than the window.");
            product *= dims[i];
            view.Require(product <= Limit, "MCU0606", $"the output would have more than {Limit} elements");
            shape[i] = (int)dims[i];
        }

        return [new OutputType(type, new Shape(EquatableArray.Wrap(shape)))];
    }

    public static IReadOnlyList<OutputType> SameAs(Tensor tensor) => [new OutputType(tensor.Type, tensor.Shape)];

    public static void RequireRank(NodeView view, Tensor tensor, int rank) =>
        view.Require(tensor.Shape.Rank == rank, "MCU0620", $"'{tensor.Name}' {tensor.Shape} has {tensor.Shape.Rank} dimensions, not {rank}");

    /// <summary>An activation that operators compute on: float or int8.</summary>
    public static Tensor Activation(NodeView view, int index)
    {
        Tensor tensor = view.Input(index);
        view.Require(
            tensor.Type is DataType.Float32 or DataType.Int8,
            "MCU0631",
            $"'{tensor.Name}' has element type {tensor.Type}; the operator computes on Float32 and Int8");
        return tensor;
    }

    /// <summary>An optional bias of <paramref name="channels"/> elements in the type that goes with the activation.</summary>
    public static void RequireBias(NodeView view, int index, Tensor activation, long channels)
    {
        if (view.OptionalInput(index) is not { } bias)
        {
            return;
        }

        view.Require(
            bias.Shape.Rank == 1 && bias.Shape[0] == channels,
            "MCU0625",
            $"bias '{bias.Name}' {bias.Shape} does not have {channels} elements in one dimension");
        DataType wanted = activation.Type == DataType.Int8 ? DataType.Int32 : DataType.Float32;
        view.Require(bias.Type == wanted, "MCU0631", $"bias '{bias.Name}' is {bias.Type}, not {wanted}");
    }

    public static void RequireSameType(NodeView view, Tensor a, Tensor b) =>
        view.Require(a.Type == b.Type, "MCU0631", $"'{a.Name}' is {a.Type} but '{b.Name}' is {b.Type}");

    public static void RequireAxis(NodeView view, int axis, int rank) =>
        view.Require(axis >= 0 && axis < rank, "MCU0628", $"axis {axis} is outside 0..{rank - 1}");

    /// <summary>Checks a window's attributes and gives the output's height and width.</summary>
    public static (long Height, long Width) WindowOutput(NodeView view, Window2D window, int height, int width)
    {
        RequirePositive(view, window.KernelH, window.KernelW, "kernel");
        RequirePositive(view, window.StrideH, window.StrideW, "stride");
        RequirePositive(view, window.DilationH, window.DilationW, "dilation");
        Padding2D p = window.Padding;
        view.Require(
            Math.Min(Math.Min(p.Top, p.Left), Math.Min(p.Bottom, p.Right)) >= 0
            && Math.Max(Math.Max(p.Top, p.Left), Math.Max(p.Bottom, p.Right)) <= Limit,
            "MCU0622",
            $"padding {p} is negative or too large");
        return (
            Extent(height, p.Top, p.Bottom, window.KernelH, window.StrideH, window.DilationH),
            Extent(width, p.Left, p.Right, window.KernelW, window.StrideW, window.DilationW));
    }

    /// <summary>MCU0622 unless every window of a pool covers at least one element of the image.</summary>
    public static void RequireCovered(NodeView view, Window2D window, int height, int width)
    {
        (long outH, long outW) = WindowOutput(view, window, height, width);
        bool covered = Covered(height, outH, window.Padding.Top, window.KernelH, window.StrideH, window.DilationH)
            && Covered(width, outW, window.Padding.Left, window.KernelW, window.StrideW, window.DilationW);
        view.Require(covered, "MCU0622", "a window lies wholly in the padding", "Use padding smaller than the kernel.");
    }

    /// <summary>
    /// Whether every window has a tap inside the image. Windows advance evenly, so the first and the last one decide,
    /// except where a dilation larger than the image steps over it; then those that start in the padding are tried.
    /// </summary>
    private static bool Covered(long extent, long outputs, long before, long kernel, long stride, long dilation)
    {
        if (outputs == 0)
        {
            return true;
        }

        if ((before + dilation - 1) / dilation >= kernel || ((outputs - 1) * stride) - before >= extent)
        {
            return false;
        }

        long begun = dilation <= extent ? 0 : Math.Min(outputs, (before + stride - 1) / stride);
        for (long o = 0; o < begun && begun <= MaxTried; o++)
        {
            long ahead = before - (o * stride);
            if (((ahead + dilation - 1) / dilation * dilation) - ahead >= extent)
            {
                return false;
            }
        }

        return begun <= MaxTried;
    }

    private static void RequirePositive(NodeView view, int vertical, int horizontal, string what) =>
        view.Require(
            Math.Min(vertical, horizontal) > 0 && Math.Max(vertical, horizontal) <= Limit,
            "MCU0622",
            $"{what} {vertical}x{horizontal} is not positive or too large");

    private static long Extent(long extent, long before, long after, long kernel, long stride, long dilation)
    {
        long room = extent + before + after - ((kernel - 1) * dilation) - 1;
        return room < 0 ? 0 : (room / stride) + 1;
    }
}
