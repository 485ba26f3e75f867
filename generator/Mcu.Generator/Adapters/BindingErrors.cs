using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>Diagnostics of one module at one layer.</summary>
internal sealed class BindingErrors(PeftModule module, BindingLayer layer, string location)
{
    public DiagnosticException Mismatch(string adapterSide) => Error(
        "MCU0503",
        $"The adapter was trained on {adapterSide}, but '{Names.Short(layer.WeightNames.First())}' of node '{Names.Short(layer.Name)}' is {layer.Describe()}.",
        "It may be an adapter of another base, or the map names the wrong layer.");

    public void RequireFit(BindingShape shape, bool allInputs = false)
    {
        if (!shape.Fits(layer, allInputs))
        {
            throw Mismatch(shape.Describe());
        }
    }

    public void RequireFinite(IEnumerable<float> values, string what)
    {
        if (!values.All(float.IsFinite))
        {
            throw Error("MCU0511", $"{what} is not finite.", "The adapter's values or its scale (lora_alpha) are far too large.");
        }
    }

    public DiagnosticException Error(string code, string message, string hint) =>
        new(code, message, $"{location}: module '{Names.Short(module.Module)}'", hint);
}
