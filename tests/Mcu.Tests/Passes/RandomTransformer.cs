using Mcu.Tests.Onnx;

namespace Mcu.Tests.Passes;

/// <summary>Random transformers in the many forms that exporters write; the same for the same seed.</summary>
internal sealed class RandomTransformer
{
    private readonly Random random;
    private readonly OnnxModelBuilder model;
    private readonly int heads;
    private readonly int depth;
    private readonly int tokens;
    private string last = "x";
    private int count;

    private RandomTransformer(int seed)
    {
        random = new Random(seed);
        heads = 1 + random.Next(3);
        depth = heads * (2 + random.Next(3));
        bool image = random.Next(2) == 0;
        (int height, int width) = (2 + random.Next(3), 2 + random.Next(3));
        tokens = height * width;
        model = new OnnxModelBuilder(12 + random.Next(2)).Output("x").Weights("half", [], 0.5f).Weights("one", [], 1).Weights("two", [], 2).Weights("eps", [], 1e-3f)
            .Weights("root2", [], MathF.Sqrt(2)).Weights("rroot2", [], 1 / MathF.Sqrt(2)).Weights("minushalf", [], -0.5f);
        if (image)
        {
            model.Input("x", 1, 3, height, width);
            Tokenizer();
        }
        else
        {
            model.Input("x", 1, tokens, depth);
        }
    }

    /// <summary>How many low-rank branches the network holds.</summary>
    public int Branches { get; private set; }

    public static (OnnxModelBuilder Model, int Branches) Create(int seed)
    {
        var network = new RandomTransformer(seed);
        int layers = 2 + network.random.Next(4);
        for (int i = 0; i < layers; i++)
        {
            network.Layer();
        }

        network.Head();
        network.model.Graph.Output[0].Name = network.last;
        return (network.model, network.Branches);
    }

    private void Layer()
    {
        string before = last;
        switch (random.Next(6))
        {
            case 0:
                last = Normalize(last);
                return;
            case 1:
                last = Gelu(last);
                return;
            case 2:
                last = Node(Pick("Mul", "Div", "Sub", "Add"), $"{last} {(random.Next(2) == 0 ? "half" : Constant(depth))}");
                return;
            case 3:
                last = Linear(Gelu(Linear(last, depth, 2 * depth)), 2 * depth, depth);
                break;
            default:
                last = Attention(last);
                break;
        }

        last = random.Next(4) == 0 ? last : Node("Add", random.Next(2) == 0 ? $"{before} {last}" : $"{last} {before}");
    }

    private void Tokenizer()
    {
        string image = Node("Conv", $"x {Constant(depth, 3, 3, 3)}", ("pads", new[] { 1, 1, 1, 1 }));
        image = random.Next(2) == 0 ? Node("Relu", image) : image;
        last = Node("Transpose", Reshape(image, 1, depth, -1), ("perm", new[] { 0, 2, 1 }));
        last = random.Next(2) == 0 ? Node("Add", $"{last} {Constant(1, tokens, depth)}") : last;
    }

    private string Normalize(string x)
    {
        if (random.Next(3) == 0)
        {
            return Node("LayerNormalization", $"{x} {Constant(depth)} {Constant(depth)}", ("epsilon", 1e-3f));
        }

        string mean = Node("ReduceMean", x, ("axes", new[] { -1 }));
        string difference = Node("Sub", $"{x} {mean}");
        string other = random.Next(3) == 0 ? Node("Sub", $"{x} {mean}") : difference;
        string square = random.Next(2) == 0 ? Node("Pow", $"{other} two") : Node("Mul", $"{other} {other}");
        string variance = Node("Add", $"{Node("ReduceMean", square, ("axes", new[] { -1 }))} eps");
        string y = random.Next(3) switch
        {
            0 => Node("Div", $"{difference} {Node("Sqrt", variance)}"),
            1 => Node("Mul", $"{difference} {Node("Pow", $"{variance} minushalf")}"),
            _ => Node("Mul", $"{Node("Div", $"one {Node("Sqrt", variance)}")} {difference}"),
        };
        y = random.Next(4) == 0 ? y : Node("Mul", $"{y} {Constant(depth)}");
        return random.Next(4) == 0 ? y : Node("Add", $"{Constant(depth)} {y}");
    }

    private string Gelu(string x)
    {
        if (random.Next(3) == 0)
        {
            string y = $"t{count++}";
            model.Microsoft("Gelu", x, y);
            return y;
        }

        string sum = Node("Add", $"{Node("Erf", random.Next(2) == 0 ? Node("Div", $"{x} root2") : Node("Mul", $"rroot2 {x}"))} one");
        return random.Next(3) switch
        {
            0 => Node("Mul", $"{Node("Mul", $"{x} {sum}")} half"),
            1 => Node("Mul", $"{Node("Mul", $"{sum} half")} {x}"),
            _ => Node("Mul", $"{Node("Div", $"{x} two")} {sum}"),
        };
    }

    private string Linear(string x, int from, int to)
    {
        string y = Node("MatMul", $"{x} {Constant(from, to)}");
        bool late = random.Next(2) == 0;
        y = late ? y : Node("Add", $"{Constant(to)} {y}");
        if (random.Next(3) == 0 && Math.Min(from, to) > 2)
        {
            Branches++;
            string low = Node("MatMul", $"{Node("MatMul", $"{x} {Constant(from, 1)}")} {Constant(1, to)}");
            low = random.Next(2) == 0 ? low : Node("Mul", $"{low} two");
            y = Node("Add", random.Next(2) == 0 ? $"{y} {low}" : $"{low} {y}");
        }

        return late && random.Next(2) == 0 ? Node("Add", $"{y} {Constant(to)}") : y;
    }

    private string Attention(string x)
    {
        int size = depth / heads;
        int scaled = random.Next(4);
        string q = Split(Scaled(Linear(x, depth, depth), scaled is 0 or 2), [0, 2, 1, 3], size);
        string k = Linear(x, depth, depth);
        k = random.Next(2) == 0 ? Split(k, [0, 2, 3, 1], size) : Node("Transpose", Split(k, [0, 2, 1, 3], size), ("perm", new[] { 0, 1, 3, 2 }));
        k = Scaled(k, scaled is 1 or 2);
        string v = Split(Linear(x, depth, depth), [0, 2, 1, 3], size);
        string scores = Scaled(Node("MatMul", $"{q} {k}"), scaled == 3);
        string y = Node("MatMul", $"{Node("Softmax", scores, ("axis", 3))} {v}");
        return Linear(Reshape(Node("Transpose", y, ("perm", new[] { 0, 2, 1, 3 })), 1, tokens, depth), depth, depth);
    }

    private string Split(string x, int[] permutation, int size) => Node("Transpose", Reshape(x, 1, tokens, heads, size), ("perm", permutation));

    private string Scaled(string x, bool scale) => scale ? Node(Pick("Mul", "Div"), $"{x} half") : x;

    private void Head()
    {
        if (random.Next(2) == 0)
        {
            last = Node("ReduceMean", last, ("axes", new[] { 1 }), ("keepdims", 0));
        }
        else
        {
            string weights = Node("Softmax", Node("Transpose", Node("MatMul", $"{last} {Constant(depth, 1)}"), ("perm", new[] { 0, 2, 1 })), ("axis", 2));
            last = Reshape(Node("MatMul", $"{weights} {last}"), 1, depth);
        }

        last = Node("Gemm", $"{last} {Constant(3, depth)} {Constant(3)}", ("transB", 1));
    }

    private string Reshape(string x, params long[] dims)
    {
        string shape = $"s{count++}";
        model.Integers(shape, dims);
        return Node("Reshape", $"{x} {shape}");
    }

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    private string Node(string op, string inputs, params (string, object)[] attributes)
    {
        string output = $"t{count++}";
        model.Node(op, inputs, output, attributes);
        return output;
    }

    /// <summary>A constant in ±[0.2, 1), so that quotients stay small.</summary>
    private string Constant(params long[] dims)
    {
        string name = $"w{count++}";
        long elements = dims.Aggregate(1L, (p, d) => p * d);
        model.Weights(name, dims, [.. Enumerable.Range(0, (int)elements).Select(_ => (0.2f + (0.8f * random.NextSingle())) * (random.Next(2) == 0 ? 1 : -1))]);
        return name;
    }
}
