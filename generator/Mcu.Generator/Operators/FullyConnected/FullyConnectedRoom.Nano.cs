using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class FullyConnectedRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        LinearShape shape = context.Lowered.Shape!;
        int rows = (int)(context.View.Output.Shape.Elements / shape.Outputs);
        if (rows >= ConvolutionRows)
        {
            return Convolution(context, EveryRow, new Shape(1, rows, 1, shape.Depth), new Shape(1, rows, 1, shape.Outputs));
        }

        int terms = Terms(context, 1);
        return new NanoCall(
            "FullyConnected",
            [.. Files("kernels/fully_connected/FullyConnected.cs", "Numerics", "Linear", "Lanes"), .. TermsFiles(terms)],
            [Number("rows", rows), Number("depth", shape.Depth), .. Linear(context)])
        {
            Chunk = Chunk(context.Lowered),
            Scratch = new NanoScratch(0, 0, 0, terms),
            PacksWeights = true,
        };
    }
}
