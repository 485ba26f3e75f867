using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Passes;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>Writes an adapter that changes the structure into the float graph of its base.</summary>
public static class StructuralAdapter
{
    /// <summary>
    /// The canonical graph of the network with the adapter's parts in it: prompts first, then prefixes, then bottlenecks, each in the
    /// order of their names. Throws MCU0661 to MCU0672; MCU0721 for an int8 base.
    /// </summary>
    /// <param name="asRead">The base as its file has it.</param>
    /// <param name="form">The base's canonical form.</param>
    /// <param name="dump">Called after each pass that changed the graph.</param>
    public static Graph Rewrite(PeftAdapter adapter, Graph asRead, CanonicalForm form, Action<string, Graph>? dump)
    {
        if (form.Layers is null)
        {
            throw new DiagnosticException(
                "MCU0721",
                $"The adapter adds nodes ('{Names.Short(adapter.Structure[0].Name)}'), whose ranges have to be calibrated together with the base's float activations; the base is an int8 network.",
                adapter.Name,
                "Give the float network as the base, with --calibration.");
        }

        var places = new StructuralPlaces(asRead, form.Layers, adapter.Name, ImmutableDictionary<string, string>.Empty);
        foreach (StructuralPart part in adapter.Structure.OrderBy(Order))
        {
            places = part switch
            {
                BottleneckPart bottleneck => BottleneckRewrite.Apply(places, bottleneck),
                PrefixPart prefix => PrefixRewrite.Apply(places, prefix),
                _ => PromptRewrite.Apply(places, (PromptPart)part),
            };
            dump?.Invoke($"{adapter.Name}: {part.Name}", places.Graph);
        }

        // What the passes have to say they have said of the base.
        return StandardPasses.FloatLayers.Run(places.Graph, new DiagnosticBag(), dump);
    }

    private static int Order(StructuralPart part) => part switch { PromptPart => 0, PrefixPart => 1, _ => 2 };
}
