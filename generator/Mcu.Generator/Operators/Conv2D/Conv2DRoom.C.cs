using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class Conv2DRoom : ICKernelRoom
{
    public string KernelFolder => ConvolutionLowering.KernelFolder;

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        Conv2D conv = Attributes(view);
        view.Require(conv.Groups == 1, "MCU0906", $"grouped convolution ({conv.Groups} groups) has no kernel yet", "Use groups = 1 or a depthwise convolution.");
        LoweringRules.CheckWindow(view, conv.Window);
        return ConvolutionLowering.Lower(context, conv.Window, view.Input(0).Shape, view.Output.Shape);
    }
}
