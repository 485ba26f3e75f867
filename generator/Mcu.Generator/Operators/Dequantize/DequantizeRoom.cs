using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class DequantizeRoom : OperatorRoom<Dequantize>
{
    public override string Name => "dequantize";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = node.Input(0);
        node.Require(x.Type == DataType.Int8, "MCU0631", $"'{x.Name}' has element type {x.Type}, not Int8");
        return [new OutputType(DataType.Float32, x.Shape)];
    }

    public override void RunFloat(NodeRun run)
    {
        Tensor x = run.View.Input(0);
        Quantization from = x.Quantization ?? throw run.View.Error("MCU0635", $"'{x.Name}' is int8 but has no scale and zero point");
        sbyte[] values = run.Input(0).Int8;
        int inner = from.IsPerChannel ? Inner(x.Shape, from.Axis) : values.Length;
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / inner % from.Scales.Length;
            run.Output.Floats[i] = from.Scales[channel] * (values[i] - from.ZeroPoints[channel]);
        }
    }

    /// <summary>Elements from one index of the axis to the next.</summary>
    private static int Inner(Shape shape, int axis) => shape.Dims.Skip(axis + 1).Aggregate(1, (product, d) => product * d);
}
