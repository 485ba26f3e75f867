using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Int8;

/// <summary>Random chains of every operator that reaches C; a seed gives one network.</summary>
internal static class RandomNetworks
{
    public static Graph Chain(int seed)
    {
        var random = new Random(seed);
        var builder = new Int8GraphBuilder(random, new Shape(1, random.Next(3, 10), random.Next(2, 9), random.Next(1, 10)));
        int layers = random.Next(3, 8);
        for (int i = 0; i < layers; i++)
        {
            Step(builder, random);
        }

        return Finish(builder, random).Build();
    }

    private static void Step(Int8GraphBuilder builder, Random random)
    {
        Tensor before = builder.Last;
        switch (random.Next(12))
        {
            case 0 or 1:
                builder.Conv(random.Next(1, 10), Window(random, before.Shape, 4), Activation(random), Gain(random));
                break;
            case 2:
                builder.Conv(random.Next(1, 14), One, Activation(random), Gain(random));
                break;
            case 3:
                builder.Depthwise(1, Window(random, before.Shape, 6), Activation(random), Gain(random));
                break;
            case 4:
                builder.Depthwise(before.Shape[3] < 12 ? random.Next(1, 4) : 1, Window(random, before.Shape, 4), Activation(random), Gain(random));
                break;
            case 5:
                builder.MaxPool(Pool(random, before.Shape));
                break;
            case 6:
                builder.AveragePool(Pool(random, before.Shape));
                break;
            case 7:
                Pad(builder, random);
                break;
            case 8:
                builder.Transpose(random.Next(2) == 0 ? [0, 2, 1, 3] : [0, 3, 1, 2]);
                break;
            case 9:
                builder.Requantize(0.5f + random.NextSingle());
                break;
            case 10:
                builder.Relu(random.Next(2) == 0 ? 1 : 0.5f + random.NextSingle());
                break;
            default:
                Residual(builder, random);
                break;
        }
    }

    /// <summary>A branch of one or two layers that is added to what it started from.</summary>
    private static void Residual(Int8GraphBuilder builder, Random random)
    {
        Tensor start = builder.Last;
        builder.Conv(start.Shape[3], Same(3), Activation(random));
        if (random.Next(2) == 0)
        {
            builder.Depthwise(1, Same(3));
        }

        builder.Add(start, Activation(random), 0.5f + (2 * random.NextSingle()));
    }

    private static Int8GraphBuilder Finish(Int8GraphBuilder builder, Random random)
    {
        Shape shape = builder.Last.Shape;
        switch (random.Next(4))
        {
            case 0:
                return builder.Mean(random.Next(3) switch { 0 => [1, 2], 1 => [2, 3], _ => [3] });
            case 1:
                return builder.Reshape(shape[1] * shape[2], shape[3]).Connected(random.Next(1, 9), keepDims: true);
            case 2:
                return builder.Connected(random.Next(1, 12)).Softmax();
            default:
                return builder;
        }
    }

    private static void Pad(Int8GraphBuilder builder, Random random)
    {
        int[] amounts() => [0, random.Next(3), random.Next(3), random.Next(2)];
        builder.Pad(amounts(), amounts());
    }

    private static Window2D One => new(1, 1, 1, 1, 1, 1, default);

    private static Window2D Same(int kernel) => new(kernel, kernel, 1, 1, 1, 1, new Padding2D(kernel / 2, kernel / 2, kernel / 2, kernel / 2));

    /// <summary>1xK, Kx1 and KxL kernels with strides up to 3, dilation and unequal paddings that fit the image.</summary>
    private static Window2D Window(Random random, Shape x, int largest)
    {
        (int h, int strideH, int dilationH, int top, int bottom) = Axis(random, x[1], largest);
        (int w, int strideW, int dilationW, int left, int right) = Axis(random, x[2], largest);
        return random.Next(4) switch
        {
            0 => new Window2D(1, w, 1, strideW, 1, dilationW, new Padding2D(0, left, 0, right)),
            1 => new Window2D(h, 1, strideH, 1, dilationH, 1, new Padding2D(top, 0, bottom, 0)),
            2 => Same(3) with { StrideH = random.Next(1, 3), StrideW = random.Next(1, 3) },
            _ => new Window2D(h, w, strideH, strideW, dilationH, dilationW, new Padding2D(top, left, bottom, right)),
        };
    }

    private static (int Kernel, int Stride, int Dilation, int Before, int After) Axis(Random random, int extent, int largest)
    {
        int kernel = random.Next(1, largest);
        int dilation = random.Next(4) == 0 ? 2 : 1;
        int reach = (kernel - 1) * dilation;
        int before = random.Next(0, kernel);
        int after = Math.Max(random.Next(0, kernel), reach + 1 - extent - before);
        return (kernel, random.Next(1, 4), dilation, before, after);
    }

    private static Window2D Pool(Random random, Shape x)
    {
        int h = random.Next(1, Math.Min(4, x[1] + 1));
        int w = random.Next(1, Math.Min(4, x[2] + 1));
        Padding2D padding = random.Next(2) == 0 ? default : new Padding2D(random.Next(h), random.Next(w), random.Next(h), random.Next(w));
        return new Window2D(h, w, random.Next(1, h + 1), random.Next(1, w + 1), 1, 1, padding);
    }

    private static FusedActivation Activation(Random random) => random.Next(3) switch
    {
        0 => FusedActivation.Relu,
        1 => FusedActivation.Relu6,
        _ => FusedActivation.None,
    };

    /// <summary>Mostly usual outputs; sometimes requantisation that shifts left or very far right.</summary>
    private static double Gain(Random random) => random.Next(8) switch { 0 => 3000, 1 => 1e-4, _ => 1 };
}
