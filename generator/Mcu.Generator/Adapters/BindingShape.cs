using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>What an adapter's tensors say about the layer they were trained on.</summary>
/// <param name="Outputs">Output channels.</param>
/// <param name="Kernel">Trailing dimensions of the weight: <c>[in]</c> or <c>[in,kh,kw]</c>; null when only a bias is known.</param>
internal sealed record BindingShape(int Outputs, EquatableArray<int>? Kernel)
{
    public bool IsLinear => Kernel is { Length: 1 };

    /// <summary>What the module's tensors say, first from the replaced weight, then from LoRA, last from the bias.</summary>
    public static BindingShape Of(PeftModule module)
    {
        if (module.SavedWeight is { Shape: { Rank: > 1 } weight })
        {
            return new BindingShape(weight[0], weight.Dims.Skip(1).ToEquatableArray());
        }

        if (module.Lora is { } lora)
        {
            return new BindingShape(lora.B.Shape[0], lora.A.Shape.Dims.Skip(1).ToEquatableArray());
        }

        return new BindingShape((module.NewBias ?? module.SavedWeight)!.Shape[0], null);
    }

    /// <summary>
    /// Whether the layer has these dimensions. A linear module also fits a 1x1 convolution and the reverse: both compute
    /// the same sums.
    /// </summary>
    public bool Fits(BindingLayer layer)
    {
        if (Outputs != layer.Outputs || Kernel is not { } kernel)
        {
            return Outputs == layer.Outputs;
        }

        return kernel.Length switch
        {
            1 => kernel[0] == layer.Inputs && layer.KernelH == 1 && layer.KernelW == 1,
            3 => kernel[0] == layer.Inputs && kernel[1] == layer.KernelH && kernel[2] == layer.KernelW,
            _ => false,
        };
    }

    public string Describe() => Kernel is { } kernel
        ? $"{(IsLinear ? "linear" : "convolution")} {Outputs}x{string.Join('x', kernel)}"
        : $"{Outputs} outputs";
}
