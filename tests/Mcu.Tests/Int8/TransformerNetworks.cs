using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Int8;

/// <summary>Random networks of the operators of transformers on tokens <c>[1,T,C]</c>; a seed gives one network.</summary>
internal static class TransformerNetworks
{
    public static Graph Chain(int seed)
    {
        var random = new Random(seed);
        var builder = new Int8GraphBuilder(random, new Shape(1, random.Next(1, 14), random.Next(1, 20)));
        int layers = random.Next(3, 8);
        for (int i = 0; i < layers; i++)
        {
            Step(builder, random);
        }

        return Finish(builder, random).Build();
    }

    private static void Step(Int8GraphBuilder builder, Random random)
    {
        Shape shape = builder.Last.Shape;
        (int tokens, int depth) = (shape[1], shape[2]);
        switch (random.Next(10))
        {
            case 0:
                builder.Normalize(0.2f + (3 * random.NextSingle()), random.Next(3) > 0, random.Next(4) == 0 ? 0.1f : 1e-5f);
                break;
            case 1:
                builder.Gelu(0.3f + random.NextSingle(), random.Next(2) == 0);
                break;
            case 2:
                Attention(builder, random);
                break;
            case 3:
                builder.Connected(random.Next(1, 20), keepDims: true);
                break;
            case 4:
                int[][] shapes = [[1, tokens, depth], [depth], [1], [tokens, 1], [1, 1, 1]];
                Operator op = random.Next(2) == 0 ? new Add(Activation(random)) : new Mul(Activation(random));
                builder.WithConstant(op, shapes[random.Next(shapes.Length)], random.Next(2) == 0);
                break;
            case 5:
                Tensor before = builder.Last;
                builder.Connected(depth, keepDims: true).Mul(before, Activation(random));
                break;
            case 6:
                Tensor start = builder.Last;
                builder.Connected(1, keepDims: true);
                Tensor gate = builder.Last;
                builder.Add(start, Activation(random), 1 + random.NextSingle(), start.Shape);
                if (random.Next(2) == 0)
                {
                    builder.Mul(gate);
                }

                break;
            case 7:
                builder.Softmax(random.Next(0, 3), 1 + random.NextSingle());
                break;
            case 8:
                builder.Transpose(0, 2, 1);
                break;
            default:
                bool turned = random.Next(2) == 0;
                builder.Product(builder.Last, turned, !turned, Gain(random));
                break;
        }
    }

    /// <summary>Heads of queries, keys and values: both orders of keys, transposes that move heads.</summary>
    private static void Attention(Int8GraphBuilder builder, Random random)
    {
        Tensor x = builder.Last;
        int tokens = x.Shape[1];
        (int heads, int depth) = (random.Next(1, 4), random.Next(1, 9));
        Tensor heads3(int[] order)
        {
            builder.From(x).Connected(heads * depth, keepDims: true).Reshape(1, tokens, heads, depth).Transpose(order);
            return builder.Last;
        }

        bool keysTurned = random.Next(2) == 0;
        Tensor keys = heads3(keysTurned ? [0, 2, 3, 1] : [0, 2, 1, 3]);
        Tensor values = heads3([0, 2, 1, 3]);
        heads3([0, 2, 1, 3]);
        builder.Product(keys, false, !keysTurned, Gain(random)).Softmax(3, 0.5f).Product(values, false, false)
            .Transpose(0, 2, 1, 3).Reshape(1, tokens, heads * depth);
    }

    /// <summary>Pooling by attention over the tokens, or the network as it is.</summary>
    private static Int8GraphBuilder Finish(Int8GraphBuilder builder, Random random)
    {
        if (random.Next(2) == 0)
        {
            return builder;
        }

        Tensor x = builder.Last;
        return builder.Connected(1, keepDims: true).Transpose(0, 2, 1).Softmax(2).Product(x, false, false).Reshape(1, x.Shape[2]).Connected(5);
    }

    private static FusedActivation Activation(Random random) => random.Next(3) == 0 ? FusedActivation.Relu : FusedActivation.None;

    /// <summary>Mostly usual outputs; sometimes requantisation that shifts left or very far right.</summary>
    private static double Gain(Random random) => random.Next(6) switch { 0 => 1000, 1 => 1e-4, _ => 1 };
}
