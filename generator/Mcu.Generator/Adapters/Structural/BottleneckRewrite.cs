using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>Adds <c>up·f(down·x)</c> beside or behind a layer: Houlsby and Pfeiffer adapters are serial, parallel ones read the layer's input.</summary>
internal static class BottleneckRewrite
{
    public static StructuralPlaces Apply(StructuralPlaces places, BottleneckPart part)
    {
        Tensor output = places.Output(part, part.Place);
        Tensor source = SourceOf(places, part, output);
        Check(places, part, source, output);
        var edit = new GraphEdit(places.Graph);
        places.Require(part, edit.ProducerOf(output.Name) >= 0, "MCU0662", $"'{output.Name}' is the network's input, which no layer writes");
        places.Require(part, edit.ProducerOf(source.Name) < edit.ProducerOf(output.Name) || source.Name == output.Name, "MCU0672", $"the input '{source.Name}' is computed after the output '{output.Name}'");
        bool isOutput = places.Graph.Outputs.Contains(output.Name);
        string inner = isOutput ? Inner(edit, output) : output.Name;
        string sum = isOutput ? output.Name : edit.Activation(part.Name, output.Shape);
        edit.RenameUses(output.Name, sum);
        string up = Branch(edit, part, source.Name == output.Name ? inner : source.Name, inner, output.Shape);
        edit.InsertAfter(up, edit.Node(part.Name, new Add(FusedActivation.None), [inner, up], sum));
        return places.With(edit.Build(), output.Name, sum);
    }

    private static Tensor SourceOf(StructuralPlaces places, BottleneckPart part, Tensor output)
    {
        if (!part.IsParallel)
        {
            return output;
        }

        Node? layer = places.Graph.ProducerOf(output.Name);
        places.Require(part, part.Source is not null || layer is not null, "MCU0662", $"'{output.Name}' is the network's input, which no layer writes");
        return part.Source is null ? places.Graph[layer!.Inputs[0]] : places.Output(part, part.Source);
    }

    private static void Check(StructuralPlaces places, BottleneckPart part, Tensor source, Tensor output)
    {
        int axis = part.IsImage ? 1 : -1;
        bool ranks = source.Shape.Rank == output.Shape.Rank && (part.IsImage ? source.Shape.Rank == 4 : source.Shape.Rank > 0);
        string wanted = part.IsImage ? "images [N,C,H,W]" : "tensors with their channels last";
        places.Require(part, ranks && source.Shape[axis] == part.Down.Shape[1] && output.Shape[axis] == part.Up.Shape[0], "MCU0662", $"'down.weight' {part.Down.Shape} and 'up.weight' {part.Up.Shape} do not fit {wanted} '{source.Name}' {source.Shape} and '{output.Name}' {output.Shape}", "The network's tensors have channels second for weights [r,d,1,1], last for [r,d].");
        int channels = part.IsImage ? 1 : output.Shape.Rank - 1;
        bool rest = Enumerable.Range(0, output.Shape.Rank).All(i => i == channels || source.Shape[i] == output.Shape[i]);
        places.Require(part, rest, "MCU0662", $"the input '{source.Name}' {source.Shape} and the output '{output.Name}' {output.Shape} have other dimensions apart from their channels");
    }

    /// <summary>The layer writes the network's output under another name, so that the sum can have the output's.</summary>
    private static string Inner(GraphEdit edit, Tensor output)
    {
        string inner = edit.Add(output with { Name = output.Name + "/base", Source = null });
        int producer = edit.ProducerOf(output.Name);
        edit.Replace(producer, edit.Nodes[producer] with { Outputs = [inner] });
        return inner;
    }

    /// <summary>Nodes named <c>PART/down</c>, <c>PART/activation</c> and <c>PART/up</c> behind the later of input and output; returns what the last one writes.</summary>
    private static string Branch(GraphEdit edit, BottleneckPart part, string source, string after, Shape like)
    {
        string down = Layer(edit, part, "down", source, after, like, part.Down, part.DownBias, 1);
        if (part.Activation != BottleneckActivation.Linear)
        {
            string activation = edit.Activation(part.Name + "/activation", edit[down].Shape);
            edit.InsertAfter(down, edit.Node(activation, Operator(part.Activation), [down], activation));
            down = activation;
        }

        return Layer(edit, part, "up", down, down, like, part.Up, part.UpBias, part.Scale);
    }

    private static Operator Operator(BottleneckActivation activation) => activation switch
    {
        BottleneckActivation.Relu => new Clamp(FusedActivation.Relu),
        BottleneckActivation.Relu6 => new Clamp(FusedActivation.Relu6),
        _ => new Gelu(activation == BottleneckActivation.GeluTanh),
    };

    private static string Layer(GraphEdit edit, BottleneckPart part, string half, string input, string after, Shape like, AdapterTensor weights, AdapterTensor? bias, float scale)
    {
        int[] dims = like.Dims.ToArray();
        dims[part.IsImage ? 1 : ^1] = weights.Shape[0];
        string output = edit.Activation($"{part.Name}/{half}", new Shape(dims));
        List<string> inputs = [input, edit.Constant($"{part.Name}.{half}.weight", weights.Shape, Scaled(weights, scale))];
        if (bias is not null)
        {
            inputs.Add(edit.Constant($"{part.Name}.{half}.bias", bias.Shape, Scaled(bias, scale)));
        }

        Operator op = part.IsImage
            ? new Conv2D(new Window2D(1, 1, 1, 1, 1, 1, default), 1, FusedActivation.None, Layout.Nchw)
            : new FullyConnected(FusedActivation.None, KeepDims: true);
        edit.InsertAfter(after, edit.Node(output, op, inputs.ToEquatableArray(), output));
        return output;
    }

    private static EquatableArray<float> Scaled(AdapterTensor tensor, float scale) => scale == 1 ? tensor.Values : [.. tensor.Values.Select(v => v * scale)];
}
