using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Operators;

/// <summary>A pool whose window covers nothing of the image has no value; it is refused, and only it.</summary>
public sealed class PoolCoverageTests
{
    /// <summary>Against the definition: every tap of every window looked at, for all small geometries of one axis.</summary>
    [Fact]
    public void A_pool_is_refused_exactly_when_a_window_has_no_tap_in_the_image()
    {
        int refused = 0;
        int accepted = 0;
        foreach ((int extent, int kernel, int stride, int dilation, int before, int after) in Geometries())
        {
            int reach = ((kernel - 1) * dilation) + 1;
            if (extent + before + after < reach)
            {
                continue;
            }

            int outputs = ((extent + before + after - reach) / stride) + 1;
            bool covered = Enumerable.Range(0, outputs).All(o => Enumerable.Range(0, kernel).Any(k => (o * stride) - before + (k * dilation) is var at && at >= 0 && at < extent));
            Assert.Equal(covered, IsAccepted(extent, new Window2D(kernel, 1, stride, 1, dilation, 1, new Padding2D(before, 0, after, 0))));
            refused += covered ? 0 : 1;
            accepted += covered ? 1 : 0;
        }

        Assert.InRange(refused, 100, int.MaxValue);
        Assert.InRange(accepted, 100, int.MaxValue);
    }

    private static IEnumerable<(int Extent, int Kernel, int Stride, int Dilation, int Before, int After)> Geometries() =>
        from extent in Enumerable.Range(1, 4)
        from kernel in Enumerable.Range(1, 4)
        from stride in Enumerable.Range(1, 3)
        from dilation in Enumerable.Range(1, 6)
        from before in Enumerable.Range(0, 8)
        from after in Enumerable.Range(0, 5)
        select (extent, kernel, stride, dilation, before, after);

    private static bool IsAccepted(int extent, Window2D window)
    {
        var x = new Tensor("x", DataType.Float32, new Shape(1, extent, 1, 1));
        var y = new Tensor("y", DataType.Float32, new Shape(1, 1, 1, 1));
        var node = new Node("y", new MaxPool2D(window, FusedActivation.None), ["x"], ["y"]);
        var tensors = ImmutableDictionary<string, Tensor>.Empty.Add("x", x).Add("y", y);
        var graph = new Graph(new ModelSource("net", SourceFormat.Onnx, ""), [node], tensors, ["x"], ["y"]);
        try
        {
            OperatorCatalog.RoomOf(node.Operator).Infer(new NodeView(graph, node));
            return true;
        }
        catch (DiagnosticException e)
        {
            Assert.Equal("MCU0622", e.Diagnostic.Code);
            return false;
        }
    }
}
