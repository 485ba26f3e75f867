using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Selection;

/// <summary>
/// Mean squares of what the weights of each layer are multiplied by on a set of samples, and how far the tuned network's
/// outputs move by channel.
/// </summary>
public sealed class ActivationStatistics
{
    private readonly Dictionary<string, double[]> inputSquares = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double[]> channelRelevance = new(StringComparer.Ordinal);

    private ActivationStatistics()
    {
    }

    /// <summary>
    /// Runs the base and the tuned network on samples.
    /// </summary>
    /// <param name="model">Int8 base whose adapter 1 is the whole tuned delta.</param>
    /// <param name="samples">Int8 inputs; at least one.</param>
    public static ActivationStatistics Measure(Int8Model model, IReadOnlyList<LayerChange> changes, IReadOnlyList<TensorValue> samples, CancellationToken cancellation)
    {
        var statistics = new ActivationStatistics();
        foreach (TensorValue sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            Dictionary<string, TensorValue> plain = Run(model, sample, 0);
            Dictionary<string, TensorValue> tuned = Run(model, sample, 1);
            foreach (LayerChange change in changes)
            {
                statistics.AddInputs(change, plain, samples.Count);
                statistics.AddOutputs(change, plain, tuned);
            }
        }

        statistics.Normalise();
        return statistics;
    }

    /// <summary>Root mean square of <c>x − zx</c> at each column of the layer's weights, <c>[outputs or 1, depth]</c>.</summary>
    public double InputOf(LayerChange change, int position)
    {
        double[] squares = inputSquares[change.NodeName];
        return Math.Sqrt(squares[position % squares.Length]);
    }

    /// <summary>How much the tuned network moves this output channel on the samples, relative to the layer's mean channel.</summary>
    public double RelevanceOf(LayerChange change, int output) => channelRelevance[change.NodeName][output];

    private static Dictionary<string, TensorValue> Run(Int8Model model, TensorValue sample, int adapter) =>
        Int8Reference.Run(model, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [model.Graph.Inputs[0]] = sample }, adapter);

    private void AddInputs(LayerChange change, Dictionary<string, TensorValue> values, int samples)
    {
        NodeView view = change.Source.Node;
        TensorValue x = values[view.Node.Inputs[0]];
        TensorValue y = values[view.Node.Output];
        int positions = y.Int8.Length / change.Source.Outputs;
        double[] squares = inputSquares.TryGetValue(change.NodeName, out double[]? known) ? known : inputSquares[change.NodeName] = new double[SizeOf(change)];
        int[] patch = new int[view.Node.Operator is DepthwiseConv2D ? change.Source.Depth * x.Shape[3] : change.Source.Depth];
        for (int position = 0; position < positions; position++)
        {
            ReadPatch(view, change, x, y, position, patch);
            Accumulate(view, change, patch, squares, (double)samples * positions);
        }
    }

    private static int SizeOf(LayerChange change) =>
        change.Source.Node.Node.Operator is DepthwiseConv2D ? change.Source.Outputs * change.Source.Depth : change.Source.Depth;

    private static void ReadPatch(NodeView view, LayerChange change, TensorValue x, TensorValue y, int position, int[] patch)
    {
        int zeroPoint = change.Source.Layer.InputZeroPoint;
        switch (view.Node.Operator)
        {
            case Conv2D { Groups: 1 } conv:
                PatchReader.Read(x, conv.Window, position, y.Shape, 0, x.Shape[3], zeroPoint, patch);
                break;
            case DepthwiseConv2D depthwise:
                PatchReader.Read(x, depthwise.Window, position, y.Shape, 0, x.Shape[3], zeroPoint, patch);
                break;
            default:
                for (int k = 0; k < patch.Length; k++)
                {
                    patch[k] = x.Int8[((position * patch.Length) + k) % x.Int8.Length] - zeroPoint;
                }

                break;
        }
    }

    private static void Accumulate(NodeView view, LayerChange change, int[] patch, double[] squares, double count)
    {
        if (view.Node.Operator is not DepthwiseConv2D depthwise)
        {
            for (int k = 0; k < patch.Length; k++)
            {
                squares[k] += (double)patch[k] * patch[k] / count;
            }

            return;
        }

        int depth = change.Source.Depth;
        int channels = patch.Length / depth;
        for (int o = 0; o < change.Source.Outputs; o++)
        {
            for (int k = 0; k < depth; k++)
            {
                double value = patch[(k * channels) + (o / depthwise.Multiplier)];
                squares[(o * depth) + k] += value * value / count;
            }
        }
    }

    private void AddOutputs(LayerChange change, Dictionary<string, TensorValue> plain, Dictionary<string, TensorValue> tuned)
    {
        string name = change.Source.Node.Node.Output;
        sbyte[] a = plain[name].Int8;
        sbyte[] b = tuned[name].Int8;
        int outputs = change.Source.Outputs;
        double[] sums = channelRelevance.TryGetValue(change.NodeName, out double[]? known) ? known : channelRelevance[change.NodeName] = new double[outputs];
        for (int i = 0; i < a.Length; i++)
        {
            double difference = b[i] - a[i];
            sums[i % outputs] += difference * difference;
        }
    }

    private void Normalise()
    {
        foreach (double[] sums in channelRelevance.Values)
        {
            double mean = Math.Sqrt(sums.Average());
            for (int o = 0; o < sums.Length; o++)
            {
                sums[o] = mean > 0 ? Math.Sqrt(sums[o]) / mean : 1;
            }
        }
    }
}
