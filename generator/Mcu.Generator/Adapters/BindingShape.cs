using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>What an adapter's tensors say about the layer they were trained on.</summary>
/// <param name="Outputs">Output channels; null when they are not known.</param>
/// <param name="Kernel">Trailing dimensions of the weight: <c>[in]</c> or <c>[in,kh,kw]</c>; null when they are not known.</param>
internal sealed record BindingShape(int? Outputs, EquatableArray<int>? Kernel)
{
    /// <summary>Input channels where nothing else of the kernel is known, else null.</summary>
    public int? Inputs { get; init; }

    public bool IsLinear => Kernel is { Length: 1 };

    /// <summary>What the module's tensors say, the ones that say most first.</summary>
    public static BindingShape Of(PeftModule module)
    {
        if ((module.SavedWeight ?? module.Difference) is { Shape: { Rank: > 1 } weight })
        {
            return new BindingShape(weight[0], weight.Dims.Skip(1).ToEquatableArray());
        }

        if (module.Lora is { } lora)
        {
            return new BindingShape(lora.B.Shape[0], lora.A.Shape.Dims.Skip(1).ToEquatableArray());
        }

        if (module.Scale is { } scale)
        {
            int channels = scale.Factors.Values.Length;
            return scale.OnInput ? new BindingShape(null, null) { Inputs = channels } : new BindingShape(channels, null);
        }

        AdapterTensor? vector = module.NewBias ?? module.BiasDifference ?? module.SavedWeight ?? module.Difference ?? module.RunningMean ?? module.RunningVariance;
        return new BindingShape(vector?.Shape[0], null);
    }

    /// <summary>
    /// Whether the layer has these dimensions. A linear module also fits a 1x1 convolution and the reverse: both compute
    /// the same sums. A LoRA factor of PEFT reads all input channels of a convolution with groups.
    /// </summary>
    public bool Fits(BindingLayer layer, bool allInputs = false)
    {
        if ((Outputs is { } outputs && outputs != layer.Outputs) || (Inputs is { } inputs && inputs != layer.AllInputs))
        {
            return false;
        }

        return Kernel is not { } kernel || kernel.Length switch
        {
            1 => FitsInputs(kernel[0], layer, allInputs) && layer.KernelH == 1 && layer.KernelW == 1,
            3 => FitsInputs(kernel[0], layer, allInputs) && kernel[1] == layer.KernelH && kernel[2] == layer.KernelW,
            _ => false,
        };
    }

    public string Describe() => this switch
    {
        { Kernel: { } kernel } => $"{(IsLinear ? "linear" : "convolution")} {Outputs}x{string.Join('x', kernel)}",
        { Inputs: { } inputs } => $"{inputs} input channels",
        { Outputs: { } outputs } => $"{outputs} outputs",
        _ => "single weights",
    };

    private static bool FitsInputs(int inputs, BindingLayer layer, bool allInputs) =>
        inputs == layer.Inputs || (allInputs && inputs == layer.AllInputs);
}
