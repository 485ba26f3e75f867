using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>Turns a module's tensors into changes of one layer, in the layer's layout and with its folds applied.</summary>
internal sealed class BindingPatches(PeftModule module, BindingLayer layer, string location)
{
    private readonly BindingErrors errors = new(module, layer, location);
    private readonly WeightLayout layout = new(layer);

    private string NodeName => layer.Node.Name;

    /// <summary>Throws MCU0503, MCU0504, MCU0509, MCU0511 or MCU0514.</summary>
    public IEnumerable<BoundPatch> Make() =>
        layer.IsNormalization ? [new BindingNormalization(module, layer, errors).Make()] : Weights().Concat(Scales()).Concat(Biases());

    private IEnumerable<BoundPatch> Weights()
    {
        if (module.Lora is { } lora)
        {
            foreach (BoundPatch patch in new BindingLora(module, layer, layout, errors).Make(lora))
            {
                yield return patch;
            }
        }

        if (module.SavedWeight is { } weight)
        {
            yield return new WeightPatch(NodeName, module.Module, EquatableArray.Wrap(layout.Apply(RowMajor(weight))));
        }

        if (module.Difference is { } difference)
        {
            errors.RequireFit(BindingShape.Of(module));
            yield return new DifferencePatch(NodeName, module.Module, EquatableArray.Wrap(layout.Apply(difference.Values.ToArray())));
        }

        if (module.Sparse is { } sparse)
        {
            yield return new DifferencePatch(NodeName, module.Module, EquatableArray.Wrap(layout.Apply(Dense(sparse))));
        }
    }

    private IEnumerable<BoundPatch> Scales()
    {
        if (module.Scale is not { } scale)
        {
            yield break;
        }

        errors.RequireFit(BindingShape.Of(module));
        EquatableArray<float> factors = scale.Factors.Values;
        if (!scale.OnInput)
        {
            // A folded batch normalisation's offset comes after the layer's output and is not scaled.
            EquatableArray<float> offset = layer.Weights.Fold?.BiasOffset ?? [];
            yield return new RowScalePatch(NodeName, module.Module, factors, factors, factors.Select((f, o) => offset.Length == 0 ? 0 : (1 - f) * offset[o]).ToEquatableArray());
        }
        else if (layer.IsDepthwise)
        {
            int perChannel = layer.Outputs / layer.Groups;
            EquatableArray<float> rows = Enumerable.Range(0, layer.Outputs).Select(o => factors[o / perChannel]).ToEquatableArray();
            yield return new RowScalePatch(NodeName, module.Module, rows, rows.Select(_ => 1f).ToEquatableArray(), rows.Select(_ => 0f).ToEquatableArray());
        }
        else
        {
            yield return new ColumnScalePatch(NodeName, module.Module, EquatableArray.Wrap(layout.PermuteColumns(factors.ToArray())));
        }
    }

    private IEnumerable<BoundPatch> Biases()
    {
        if (module.NewBias is { } bias)
        {
            yield return new BiasPatch(NodeName, module.Module, EquatableArray.Wrap(Bias(bias)));
        }

        if (module.BiasDifference is { } difference)
        {
            float[] values = difference.Values.ToArray();
            CheckBias(difference);
            layout.ScaleRows(values);
            yield return new BiasDifferencePatch(NodeName, module.Module, EquatableArray.Wrap(values));
        }
    }

    /// <summary>The replaced weight with output channels first.</summary>
    private float[] RowMajor(AdapterTensor saved)
    {
        BindingShape shape = BindingShape.Of(module);
        bool transposed = module.FanInFanOut && shape.IsLinear && saved.Shape[0] == layer.Inputs && saved.Shape[1] == layer.Outputs;
        if (!transposed)
        {
            errors.RequireFit(shape);
            return saved.Values.ToArray();
        }

        return layer.Inputs != layer.Outputs
            ? Permute.Data<float>(saved.Values.Span, saved.Shape, [1, 0])
            : throw errors.Error("MCU0509", $"The replaced weight {saved.Shape} is square and 'fan_in_fan_out' is set: whether its rows are outputs or inputs cannot be known.", "Merge this module into the base, or save the adapter without 'fan_in_fan_out'.");
    }

    /// <summary>Single differences as a whole weight in the training framework's layout; those of one place add up.</summary>
    private float[] Dense(SparseDifference sparse)
    {
        Shape shape = sparse.Coordinates == 2 && layer is { IsFullyConnected: false, KernelH: 1, KernelW: 1 } ? new Shape(layer.Outputs, layer.Inputs) : layout.Framework;
        if (sparse.Coordinates != 1 && sparse.Coordinates != shape.Rank)
        {
            throw errors.Mismatch($"weights of {sparse.Coordinates} dimensions");
        }

        var dense = new float[shape.Elements];
        int count = sparse.Values.Length;
        for (int i = 0; i < count; i++)
        {
            dense[Position(sparse, shape, i, count)] += sparse.Values[i];
        }

        return dense;
    }

    private long Position(SparseDifference sparse, Shape shape, int entry, int count)
    {
        long position = 0;
        for (int c = 0; c < sparse.Coordinates; c++)
        {
            int index = sparse.Indices[(c * count) + entry];
            long limit = sparse.Coordinates == 1 ? shape.Elements : shape[c];
            position = (position * limit) + index;
            if (index >= limit)
            {
                throw errors.Error("MCU0514", $"Index {index} of entry {entry} lies outside {layer.Describe()}.", "It may be an adapter of another base, or the map names the wrong layer.");
            }
        }

        return position;
    }

    private float[] Bias(AdapterTensor bias)
    {
        CheckBias(bias);
        float[] values = bias.Values.ToArray();
        if (layer.Weights.Fold is { RowScale.Length: > 0 } fold)
        {
            for (int o = 0; o < values.Length; o++)
            {
                values[o] = (float)(((double)values[o] * fold.RowScale[o]) + fold.BiasOffset[o]);
            }
        }

        return values;
    }

    private void CheckBias(AdapterTensor bias)
    {
        if (bias.Shape.Rank != 1 || bias.Shape[0] != layer.Outputs)
        {
            throw errors.Mismatch($"{bias.Shape[0]} biases");
        }

        if (layer.ForeignBiases.Intersect(layer.BiasNames).Any())
        {
            throw ForeignBias(location, module, layer);
        }
    }

    /// <summary>MCU0509: the module is a batch normalisation, or a constant, that passes merged into the layer.</summary>
    public static DiagnosticException ForeignBias(string location, PeftModule module, BindingLayer layer) => new(
        "MCU0509",
        $"The bias of this module is merged into '{Names.Short(layer.Weights.Name)}' of node '{Names.Short(layer.Node.Name)}' together with other terms (a batch normalisation, or a constant added after the layer) and cannot be replaced alone.",
        $"{location}: module '{Names.Short(module.Module)}'",
        "Fold batch normalisation into the layers before training the adapter, and export that base.");
}
