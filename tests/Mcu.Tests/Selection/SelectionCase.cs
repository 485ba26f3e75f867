using System.Collections.Immutable;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Selection;

namespace Mcu.Tests.Selection;

/// <summary>A fully connected layer of known scales beside a tuned form of it.</summary>
internal sealed class SelectionCase
{
    private const int Depth = 4;
    private const int Outputs = 3;

    /// <summary>Every row's largest weight is 1.27, so that one int8 step is 0.01.</summary>
    private static readonly float[] BaseWeights =
    [
        1.27f, 0.10f, 0.20f, 0.30f,
        0.40f, 1.27f, 0.50f, 0.60f,
        0.70f, 0.80f, 1.27f, 0.90f,
    ];

    private static readonly float[] BaseBias = [0.5f, -0.5f, 0];

    public static SelectionOptions Options { get; } = new(1 << 16, Importance.Quantised, SelectionStructure.Free, 0, 1);

    public Graph Graph { get; } = GraphOf();

    public Int8Model Model => Int8Model.Prepare(GraphQuantizer.Quantize(Graph, Ranges));

    /// <summary>The changes that make the given weights and bias of the base's.</summary>
    public IReadOnlyList<LayerChange> Changes(Action<float[]>? weights = null, float[]? bias = null) => LayerChanges.Of(Model, Graph, Tuned(weights, bias));

    public static BoundAdapter Tuned(Action<float[]>? change, float[]? bias)
    {
        var patches = new List<BoundPatch>();
        if (change is not null)
        {
            float[] weights = [.. BaseWeights];
            change(weights);
            patches.Add(new WeightPatch("fc", "fc", weights.ToEquatableArray()));
        }

        if (bias is not null)
        {
            patches.Add(new BiasPatch("fc", "fc", bias.ToEquatableArray()));
        }

        return new BoundAdapter("tuned", "00", patches.ToEquatableArray());
    }

    private static ImmutableDictionary<string, ActivationRange> Ranges { get; } = ImmutableDictionary<string, ActivationRange>.Empty
        .Add("x", new ActivationRange(-1, 1)).Add("y", new ActivationRange(-4, 4));

    private static Graph GraphOf()
    {
        Tensor[] tensors =
        [
            new("x", DataType.Float32, new Shape(1, Depth)),
            new("y", DataType.Float32, new Shape(1, Outputs)),
            new("w", DataType.Float32, new Shape(Outputs, Depth)) { Data = new FloatData(BaseWeights.ToEquatableArray()) },
            new("b", DataType.Float32, new Shape(Outputs)) { Data = new FloatData(BaseBias.ToEquatableArray()) },
        ];
        return GraphValidator.Validate(new Graph(
            new ModelSource("layer.onnx", SourceFormat.Onnx, "00"),
            [new Node("fc", new FullyConnected(FusedActivation.None), ["x", "w", "b"], ["y"])],
            tensors.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal),
            ["x"],
            ["y"]));
    }
}
