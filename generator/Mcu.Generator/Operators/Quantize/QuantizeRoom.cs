using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class QuantizeRoom : OperatorRoom<Quantize>
{
    public override string Name => "quantize";

    public override IReadOnlyList<OutputType> Infer(NodeView node) =>
        [new OutputType(DataType.Int8, ShapeRules.Activation(node, 0).Shape)];

    /// <summary>Rounds to nearest, halves away from zero, as TensorFlow Lite's QUANTIZE does from float.</summary>
    public override void RunFloat(NodeRun run)
    {
        Quantization to = QuantizationOf(run.View, run.View.Output);
        TensorValue x = run.Input(0);
        Quantization? from = x.Type == DataType.Int8 ? QuantizationOf(run.View, run.View.Input(0)) : null;
        for (int i = 0; i < run.Output.Int8.Length; i++)
        {
            float real = from is null ? x.Floats[i] : from.Scale * (x.Int8[i] - from.ZeroPoint);
            double q = Math.Round((double)(real / to.Scale), MidpointRounding.AwayFromZero) + to.ZeroPoint;
            run.Output.Int8[i] = (sbyte)Math.Clamp(q, sbyte.MinValue, sbyte.MaxValue);
        }
    }

    private static Quantization QuantizationOf(NodeView view, Tensor tensor) =>
        tensor.Quantization ?? throw view.Error("MCU0635", $"'{tensor.Name}' is int8 but has no scale and zero point");
}
