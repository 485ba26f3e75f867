using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class TransposeRoom : OperatorRoom<Transpose>
{
    public override string Name => "transpose";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = node.Input(0);
        EquatableArray<int> permutation = Attributes(node).Permutation;
        bool valid = permutation.Length == x.Shape.Rank && permutation.Order().SequenceEqual(Enumerable.Range(0, x.Shape.Rank));
        node.Require(valid, "MCU0629", $"{permutation} is no permutation of the {x.Shape.Rank} axes of '{x.Name}'");
        return [new OutputType(x.Type, Permute.Shape(x.Shape, permutation))];
    }

    public override void RunFloat(NodeRun run)
    {
        TensorValue x = run.Input(0);
        EquatableArray<int> permutation = Attributes(run).Permutation;
        switch (x.Type)
        {
            case DataType.Float32:
                Permute.Copy<float>(x.Floats, x.Shape, permutation, run.Output.Floats);
                break;
            case DataType.Int8:
                Permute.Copy<sbyte>(x.Int8, x.Shape, permutation, run.Output.Int8);
                break;
            case DataType.Int16:
                Permute.Copy<short>(x.Int16, x.Shape, permutation, run.Output.Int16);
                break;
            case DataType.Int32:
                Permute.Copy<int>(x.Int32, x.Shape, permutation, run.Output.Int32);
                break;
            default:
                Permute.Copy<long>(x.Int64, x.Shape, permutation, run.Output.Int64);
                break;
        }
    }
}
