using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>Turns a module's tensors into changes of one layer, in the layer's layout and with its folds applied.</summary>
internal sealed class BindingPatches(PeftModule module, BindingLayer layer, string location)
{
    /// <summary>OIHW to OHWI; depthwise: [O,1,KH,KW] to [1,KH,KW,O].</summary>
    private static readonly EquatableArray<int> DepthwiseOrder = [1, 2, 3, 0];

    /// <summary>Throws MCU0503, MCU0504, MCU0509 or MCU0511.</summary>
    public IEnumerable<BoundPatch> Make()
    {
        if (module.Lora is { } lora)
        {
            yield return Lora(lora);
        }

        if (module.SavedWeight is { } weight)
        {
            yield return new WeightPatch(layer.Node.Name, module.Module, EquatableArray.Wrap(Weights(weight)));
        }

        if (module.NewBias is { } bias)
        {
            yield return new BiasPatch(layer.Node.Name, module.Module, EquatableArray.Wrap(Bias(bias)));
        }
    }

    private LoraPatch Lora(LoraFactors lora)
    {
        if (layer.IsDepthwise || layer.Groups > 1)
        {
            throw Error("MCU0504", $"LoRA on a {layer.Describe()} is not supported in this version.", "Train without this module, or list it in 'modules_to_save' to replace its weights.");
        }

        RequireFit(BindingShape.Of(module with { SavedWeight = null }));
        int rank = lora.Rank;
        float[] a = lora.A.Values.ToArray();
        float[] b = lora.B.Values.ToArray();
        Shape shape = layer.IsFullyConnected ? new Shape(rank, layer.Inputs) : new Shape(rank, layer.KernelH, layer.KernelW, layer.Inputs);
        if (!layer.IsFullyConnected)
        {
            a = Permute.Data<float>(a, new Shape(rank, layer.Inputs, layer.KernelH, layer.KernelW), Permute.NchwToNhwc);
        }

        ScaleRows(b, rank);
        if (!Array.TrueForAll(b, v => float.IsFinite((float)(v * lora.Scale))))
        {
            throw Error("MCU0511", $"lora_B times the scale {lora.Scale} is not finite.", "The adapter's values or its scale (lora_alpha) are far too large.");
        }

        return new LoraPatch(layer.Node.Name, module.Module, Tensor(shape, PermuteColumns(a)), Tensor(new Shape(layer.Outputs, rank), b), lora.Scale);
    }

    private float[] Weights(AdapterTensor saved)
    {
        float[] rows = RowMajor(saved);
        ScaleRows(rows, rows.Length / layer.Outputs);
        if (layer.IsFullyConnected)
        {
            return PermuteColumns(rows);
        }

        var shape = new Shape(layer.Outputs, layer.Inputs, layer.KernelH, layer.KernelW);
        return Permute.Data<float>(rows, shape, layer.IsDepthwise ? DepthwiseOrder : Permute.NchwToNhwc);
    }

    /// <summary>The replaced weight with output channels first.</summary>
    private float[] RowMajor(AdapterTensor saved)
    {
        BindingShape shape = BindingShape.Of(module);
        bool transposed = module.FanInFanOut && shape.IsLinear && saved.Shape[0] == layer.Inputs && saved.Shape[1] == layer.Outputs;
        if (!transposed)
        {
            RequireFit(shape);
            return saved.Values.ToArray();
        }

        return layer.Inputs != layer.Outputs
            ? Permute.Data<float>(saved.Values.Span, saved.Shape, [1, 0])
            : throw Error("MCU0509", $"The replaced weight {saved.Shape} is square and 'fan_in_fan_out' is set: whether its rows are outputs or inputs cannot be known.", "Merge this module into the base, or save the adapter without 'fan_in_fan_out'.");
    }

    private float[] Bias(AdapterTensor bias)
    {
        if (bias.Shape[0] != layer.Outputs)
        {
            throw Mismatch($"{bias.Shape[0]} biases");
        }

        if (layer.ForeignBiases.Intersect(layer.BiasNames).Any())
        {
            throw ForeignBias(location, module, layer);
        }

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

    /// <summary>MCU0509: the module is a batch normalisation, or a constant, that passes merged into the layer.</summary>
    public static DiagnosticException ForeignBias(string location, PeftModule module, BindingLayer layer) => new(
        "MCU0509",
        $"The bias of this module is merged into '{Names.Short(layer.Weights.Name)}' of node '{Names.Short(layer.Node.Name)}' together with other terms (a batch normalisation, or a constant added after the layer) and cannot be replaced alone.",
        $"{location}: module '{Names.Short(module.Module)}'",
        "Fold batch normalisation into the layers before training the adapter, and export that base.");

    private void ScaleRows(float[] rows, int columns)
    {
        if (layer.Weights.Fold is { RowScale.Length: > 0 } fold)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] *= fold.RowScale[i / columns];
            }
        }
    }

    private float[] PermuteColumns(float[] rows)
    {
        if (layer.Weights.Fold is not { ColumnPermutation.Length: > 0 } fold)
        {
            return rows;
        }

        ReadOnlySpan<int> source = fold.ColumnPermutation.Span;
        var result = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int column = i % source.Length;
            result[i] = rows[i - column + source[column]];
        }

        return result;
    }

    private void RequireFit(BindingShape shape)
    {
        if (!shape.Fits(layer))
        {
            throw Mismatch(shape.Describe());
        }
    }

    private DiagnosticException Mismatch(string adapterSide) => Error(
        "MCU0503",
        $"The adapter was trained on {adapterSide}, but '{Names.Short(layer.Weights.Name)}' of node '{Names.Short(layer.Node.Name)}' is {layer.Describe()}.",
        "It may be an adapter of another base, or the map names the wrong layer.");

    private DiagnosticException Error(string code, string message, string hint) =>
        new(code, message, $"{location}: module '{Names.Short(module.Module)}'", hint);

    private static AdapterTensor Tensor(Shape shape, float[] values) => new(shape, EquatableArray.Wrap(values));
}
