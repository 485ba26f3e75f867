using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class DepthwiseConv2DRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        DepthwiseConv2D conv = Attributes(context.View);
        (Window2D window, Shape x, Shape y) = Turn(conv.Window, context.View.Input(0).Shape, context.View.Output.Shape);
        (int planeH, int planeW) = Plane(window, x, y);
        return new NanoCall(
            "DepthwiseConv2D",
            [.. Files("kernels/depthwise_conv2d/DepthwiseConv2D.cs", "Numerics", "Linear", "Window")],
            [
                Number("inputH", x[1]), Number("inputW", x[2]), Number("inputC", x[3]), Number("outputH", y[1]), Number("outputW", y[2]),
                .. Geometry(window), Number("dilationH", window.DilationH), Number("dilationW", window.DilationW),
                Number("padTop", window.Padding.Top), Number("padLeft", window.Padding.Left), Number("planeH", planeH), Number("planeW", planeW),
                Number("multiplier", conv.Multiplier), .. Linear(context).Skip(1),
            ])
        {
            Scratch = new NanoScratch(planeH * planeW, 0, 0, window.KernelH * window.KernelW),
        };
    }
}
