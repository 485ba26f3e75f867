using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>What the int8 pools share: one quantisation for input and output, and the walk over windows.</summary>
public static class PoolRules
{
    public delegate void WindowAction(ReadOnlySpan<sbyte> window, int output);

    public static ClampLayer Prepare(NodeView node, FusedActivation activation)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        node.Require(x == y, "MCU0707", "an int8 pool needs the same scale and zero point on input and output");
        (int min, int max) = Int8Rules.ActivationRange(activation, y);
        return new ClampLayer(min, max);
    }

    /// <summary>Calls <paramref name="action"/> for each output element with the window's elements that lie inside the image.</summary>
    public static void ForEachWindow(NodeRun run, Window2D window, WindowAction action)
    {
        Shape x = run.Input(0).Shape;
        Shape y = run.Output.Shape;
        var values = new sbyte[window.KernelH * window.KernelW];
        for (int output = 0; output < y.Elements; output++)
        {
            int channel = output % y[3];
            int position = output / y[3];
            (int batch, int oy, int ox) = (position / (y[1] * y[2]), position / y[2] % y[1], position % y[2]);
            int count = 0;
            for (int k = 0; k < values.Length; k++)
            {
                int iy = (oy * window.StrideH) - window.Padding.Top + (k / window.KernelW * window.DilationH);
                int ix = (ox * window.StrideW) - window.Padding.Left + (k % window.KernelW * window.DilationW);
                if (iy >= 0 && iy < x[1] && ix >= 0 && ix < x[2])
                {
                    values[count++] = run.Input(0).Int8[(((((batch * x[1]) + iy) * x[2]) + ix) * x[3]) + channel];
                }
            }

            action(values.AsSpan(0, count), output);
        }
    }
}
