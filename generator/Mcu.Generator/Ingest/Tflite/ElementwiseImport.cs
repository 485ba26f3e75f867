using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Addition, softmax and the fully connected layer.</summary>
internal static class ElementwiseImport
{
    public static ImportedOperator Add(TfliteNode node) =>
        new(new Add(node.Activation(node.Options?.Byte(TfliteSchema.AddOptions.Activation) ?? 0)), 2);

    /// <summary>Along the last axis, as TensorFlow Lite always does.</summary>
    public static ImportedOperator Softmax(TfliteNode node)
    {
        Tensor x = node.Input(0);
        node.Require(x.Shape.Rank > 0, "MCU0228", $"'{x.Name}' has no dimension", "Export the model again.");
        return new(new Softmax(x.Shape.Rank - 1, node.Options!.Value.Float(TfliteSchema.SoftmaxOptions.Beta)), 1);
    }

    public static ImportedOperator FullyConnected(TfliteNode node)
    {
        FlatTable? options = node.Options;
        node.Weights(1, rank: 2, axis: 0);
        int format = options?.Byte(TfliteSchema.FullyConnectedOptions.WeightsFormat) ?? 0;
        node.Require(format == 0, "MCU0226", $"its weights have the shuffled format {format}", "Convert without shuffled weights (a format for one Arm library).");
        WindowImport.RequireBiasType(node, options?.Byte(TfliteSchema.FullyConnectedOptions.BiasType) ?? 0);
        FusedActivation activation = node.Activation(options?.Byte(TfliteSchema.FullyConnectedOptions.Activation) ?? 0);
        return new(new FullyConnected(activation, options?.Bool(TfliteSchema.FullyConnectedOptions.KeepNumDims) ?? false), 3);
    }
}
