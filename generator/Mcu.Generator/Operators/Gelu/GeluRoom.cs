using Mcu.Generator.Execution;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class GeluRoom : OperatorRoom<Gelu>
{
    public override string Name => "gelu";

    /// <summary>The function in double precision; the int8 table is made from it.</summary>
    public static double Value(double x, bool approximate)
    {
        double bent = approximate
            ? Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))
            : ErrorFunction.Erf(x / Math.Sqrt(2));
        return x / 2 * (1 + bent);
    }

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferUnary(node);

    public override void RunFloat(NodeRun run)
    {
        bool approximate = Attributes(run).Approximate;
        Elementwise.Run(run, x => (float)Value(x, approximate));
    }
}
