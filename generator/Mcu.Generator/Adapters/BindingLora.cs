using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>
/// Low-rank changes of one layer. Convolutions with groups have two forms: factors of the weight as it is stored
/// (A <c>[r,in/groups,kh,kw]</c>), or PEFT's, whose A reads every input channel (<c>[r,in,kh,kw]</c>) and whose B has the groups.
/// </summary>
internal sealed class BindingLora(PeftModule module, BindingLayer layer, WeightLayout layout, BindingErrors errors)
{
    private const string DepthwiseReason =
        "each output of a depthwise convolution reads one channel only, so that A would run once per channel and cost rank times the layer itself";

    private const string GroupedReason =
        "the factors are those of a grouped weight, and A's sums differ from group to group";

    private string NodeName => layer.Node.Name;

    /// <summary>Throws MCU0503, MCU0504 or MCU0511.</summary>
    public IEnumerable<BoundPatch> Make(LoraFactors lora)
    {
        errors.RequireFit(BindingShape.Of(module with { SavedWeight = null }), allInputs: true);
        int columns = lora.B.Shape[1];
        if (columns != lora.Rank && columns * layer.Groups != lora.Rank)
        {
            throw errors.Mismatch($"lora_B {lora.B.Shape} of a convolution with {lora.Rank / columns} groups");
        }

        bool readsAll = layer.Groups == 1 || lora.A.Shape[1] == layer.AllInputs;
        yield return readsAll && !layer.IsDepthwise ? Factors(lora) : Difference(lora, readsAll);
        if (lora.Magnitude is { } magnitude)
        {
            float[] norms = magnitude.Values.ToArray();
            layout.ScaleRows(norms);
            yield return new MagnitudePatch(NodeName, module.Module, norms.Select((n, o) => IsNegative(o) ? -n : n).ToEquatableArray());
        }

        if (lora.OutputBias is { } bias)
        {
            float[] difference = [.. bias.Values.Select(b => (float)(b * lora.Scale))];
            layout.ScaleRows(difference);
            yield return new BiasDifferencePatch(NodeName, module.Module, EquatableArray.Wrap(difference));
        }
    }

    /// <summary>A norm is positive, so of a fold's factor only the size counts.</summary>
    private bool IsNegative(int output) => layer.Weights.Fold is { RowScale.Length: > 0 } fold && fold.RowScale[output] < 0;

    private LoraPatch Factors(LoraFactors lora)
    {
        int rank = lora.Rank;
        float[] b = Spread(lora);
        layout.ScaleRows(b);
        errors.RequireFinite(b.Select(v => (float)(v * lora.Scale)), $"lora_B times the scale {lora.Scale}");
        Shape shape = layer.IsFullyConnected ? new Shape(rank, layer.Inputs) : new Shape(rank, layer.KernelH, layer.KernelW, layer.AllInputs);
        return new LoraPatch(
            NodeName,
            module.Module,
            new AdapterTensor(shape, EquatableArray.Wrap(layout.InputRows(lora.A.Values.ToArray(), rank))),
            new AdapterTensor(new Shape(layer.Outputs, rank), EquatableArray.Wrap(b)),
            lora.Scale);
    }

    /// <summary>B <c>[out,r]</c>; a B with groups has zeros outside its group's columns.</summary>
    private float[] Spread(LoraFactors lora)
    {
        float[] b = lora.B.Values.ToArray();
        int columns = lora.B.Shape[1];
        return columns == lora.Rank ? b : GroupedWeights.Dense<float>(b, layer.Outputs, 1, columns, lora.Rank / columns);
    }

    /// <summary>The change written out in the weight's own shape.</summary>
    private DifferencePatch Difference(LoraFactors lora, bool readsAll)
    {
        int taps = layer.KernelH * layer.KernelW;
        int row = layer.Inputs * taps;
        int columns = lora.A.Values.Length / lora.Rank;
        float[] b = Spread(lora);
        var difference = new float[layer.Outputs * row];
        var sums = new double[columns];
        for (int o = 0; o < layer.Outputs; o++)
        {
            Array.Clear(sums);
            for (int r = 0; r < lora.Rank; r++)
            {
                AddScaled(lora.A.Values.Span.Slice(r * columns, columns), b[(o * lora.Rank) + r], sums);
            }

            int first = readsAll ? o / (layer.Outputs / layer.Groups) * row : 0;
            CheckOtherChannels(sums, first, row);
            for (int k = 0; k < row; k++)
            {
                difference[(o * row) + k] = (float)(sums[first + k] * lora.Scale);
            }
        }

        errors.RequireFinite(difference, $"lora_B·lora_A times the scale {lora.Scale}");
        return new DifferencePatch(NodeName, module.Module, EquatableArray.Wrap(layout.Apply(difference))) { NoSidePath = layer.IsDepthwise ? DepthwiseReason : GroupedReason };
    }

    private void CheckOtherChannels(double[] sums, int first, int row)
    {
        for (int k = 0; k < sums.Length; k++)
        {
            if (sums[k] != 0 && (k < first || k >= first + row))
            {
                throw errors.Error(
                    "MCU0504",
                    $"PEFT's lora_A of a depthwise convolution reads all {layer.AllInputs} channels, so its outputs mix channels; {layer.Describe()} reads one channel per output and cannot hold that. The same as a dense convolution would take {(long)layer.Outputs * layer.AllInputs * layer.KernelH * layer.KernelW} bytes instead of {(long)layer.Outputs * layer.KernelH * layer.KernelW}.",
                    "Leave the module out, replace it with modules_to_save, or train factors of the depthwise weight itself: lora_A [r,1,kh,kw], lora_B [out,r,1,1].");
            }
        }
    }

    private static void AddScaled(ReadOnlySpan<float> row, double factor, double[] sums)
    {
        for (int k = 0; factor != 0 && k < sums.Length; k++)
        {
            sums[k] += factor * row[k];
        }
    }
}
