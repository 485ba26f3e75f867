using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Lowering;

/// <summary>What element-wise kernels of two operands share: broadcasting, constant operands, work in place.</summary>
public static class ElementwiseLowering
{
    /// <summary>Operand shapes seen in the output's shape, as <c>mcu_broadcast</c> holds them.</summary>
    /// <param name="Inner">Elements of a run.</param>
    /// <param name="Outer">Three dimensions of runs.</param>
    /// <param name="A">Stride of the first operand in each of them, then its step in a run.</param>
    /// <param name="B">The same of the second operand.</param>
    public sealed record Walk(long Inner, EquatableArray<long> Outer, EquatableArray<long> A, EquatableArray<long> B)
    {
        /// <summary>Whether both operands have the output's elements in its order.</summary>
        public bool IsFlat => Outer.All(n => n == 1) && A[3] == 1 && B[3] == 1;
    }

    private static readonly int[] Operands = [0, 1];

    /// <summary>Merges dimensions in which both operands advance evenly; MCU0903 when more than four are left.</summary>
    /// <param name="trailing">Last dimensions of all shapes to leave out; strides count what they hold as one.</param>
    public static Walk WalkOf(NodeView view, int trailing = 0)
    {
        int[] shape = view.Output.Shape.Dims.ToArray()[..^trailing];
        int[] a = Broadcast.Strides(view.Input(0).Shape.Dims.Span[..^trailing], shape.Length);
        int[] b = Broadcast.Strides(view.Input(1).Shape.Dims.Span[..^trailing], shape.Length);
        var axes = new List<(long Count, long A, long B)>();
        for (int axis = 0; axis < shape.Length; axis++)
        {
            (long Count, long A, long B) next = (shape[axis], a[axis], b[axis]);
            if (next.Count == 1)
            {
                continue;
            }

            bool even = axes.Count > 0 && axes[^1].A == next.A * next.Count && axes[^1].B == next.B * next.Count;
            if (even)
            {
                axes[^1] = (axes[^1].Count * next.Count, next.A, next.B);
            }
            else
            {
                axes.Add(next);
            }
        }

        if (axes.Count == 0)
        {
            axes.Add((1, 1, 1));
        }

        view.Require(axes.Count <= 4, "MCU0903", "broadcasting over more than four dimensions");
        view.Require(axes.SkipLast(1).All(x => x.Count <= ushort.MaxValue), "MCU0901", "a dimension is larger than 65535");
        (long Count, long A, long B)[] all = [.. Enumerable.Repeat((1L, 0L, 0L), 4 - axes.Count), .. axes];
        return new Walk(all[3].Count, [.. all.Take(3).Select(x => x.Count)], [.. all.Select(x => x.A)], [.. all.Select(x => x.B)]);
    }

    /// <summary>Initialiser of <c>mcu_broadcast</c>.</summary>
    public static string ShapeField(Walk walk) =>
        $".shape = {{{string.Join(", ", [
            Field("inner", walk.Inner), Array("outer", walk.Outer),
            Array("a_stride", walk.A.Take(3)), Array("b_stride", walk.B.Take(3)), Field("a_step", walk.A[3]), Field("b_step", walk.B[3])])}}}";

    /// <summary>
    /// Both operands, and the permission to work in place: an operand of the output's size may share its memory, as each
    /// element is read before it is written and never again.
    /// </summary>
    public static LoweredLayer WithOperands(LoweredLayer layer, NodeView view) => WithConstants(layer, view) with
    {
        Overlaps = [.. Operands.Where(i => !view.Input(i).IsConstant && view.Input(i).Shape.Elements == view.Output.Shape.Elements).Select(i => new Overlap(i, 0))],
    };

    /// <summary>Both operands; constants lie in flash.</summary>
    public static LoweredLayer WithConstants(LoweredLayer layer, NodeView view)
    {
        int[] constants = [.. Operands.Where(i => view.Input(i).IsConstant)];
        view.Require(constants.Length < 2, "MCU0907", "both operands are constants", "Fold them when exporting.");
        return layer with { DataInputs = [0, 1], ConstantInputs = [.. constants.Select(i => (i, CTable.Int8(ConstantOf(view, i))))] };
    }

    /// <summary>The operand that is one constant number, and the other operand's index; null for none.</summary>
    public static (int Activation, sbyte Constant)? ConstantScalar(NodeView view)
    {
        foreach (int i in Operands)
        {
            if (view.Input(i) is { IsConstant: true, Shape.Elements: 1 } && !view.Input(1 - i).IsConstant)
            {
                return (1 - i, ConstantOf(view, i)[0]);
            }
        }

        return null;
    }

    private static EquatableArray<sbyte> ConstantOf(NodeView view, int input) => ((Int8Data)view.Input(input).Data!).Values;
}
