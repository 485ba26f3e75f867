using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>Puts tokens in front of a sequence; they stay in it until the network sums its tokens up.</summary>
internal static class PromptRewrite
{
    public static StructuralPlaces Apply(StructuralPlaces places, PromptPart part)
    {
        Tensor sequence = places.Output(part, part.Place);
        Shape shape = sequence.Shape;
        bool fits = shape.Rank >= 2 && shape[-1] == part.Tokens.Shape[1] && shape.Dims.SkipLast(2).All(d => d == 1);
        places.Require(part, fits, "MCU0666", $"'{sequence.Name}' {shape} is no sequence [1,tokens,{part.Tokens.Shape[1]}] that tokens {part.Tokens.Shape} can stand before");
        places.Require(part, !places.Graph.Outputs.Contains(sequence.Name), "MCU0670", $"'{sequence.Name}' is the network's output");
        int axis = shape.Rank - 2;
        var edit = new GraphEdit(places.Graph);
        string longer = Prepend(edit, part.Name, sequence, axis, part.Tokens.Values, part.Length);
        edit.RenameUses(sequence.Name, longer);
        var growth = new SequenceGrowth(places, part, edit, part.Length);
        growth.Start(longer, axis);
        growth.Run();
        return places.With(edit.Build(), sequence.Name, longer);
    }

    /// <summary>Adds the node that joins rows and a tensor along an axis, and returns what it writes.</summary>
    public static string Prepend(GraphEdit edit, string name, Tensor tensor, int axis, EquatableArray<float> rows, int count)
    {
        int[] dims = tensor.Shape.Dims.ToArray();
        dims[axis] = count;
        string constant = edit.Constant(name + ".rows", new Shape(dims), rows);
        dims[axis] = tensor.Shape[axis] + count;
        string longer = edit.Activation(name, new Shape(dims));
        edit.InsertAfter(tensor.Name, edit.Node(name, new Concat(axis), [constant, tensor.Name], longer));
        return longer;
    }
}
