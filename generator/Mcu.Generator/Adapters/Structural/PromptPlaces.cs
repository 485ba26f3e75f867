using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>
/// Where the prompts and prefixes of a PEFT folder go, which its files do not say: an adapter map names the places; without one, prefixes
/// go to the network's attentions in their order, if there are as many.
/// </summary>
internal static class PromptPlaces
{
    private const int Listed = 8;

    /// <summary>The adapter with its places; MCU0446 where one is not known.</summary>
    /// <param name="graph">The base's float graph.</param>
    public static PeftAdapter Resolve(PeftAdapter adapter, Graph graph, AdapterMap? map)
    {
        StructuralPart[] open = [.. adapter.Structure.Where(IsOpen)];
        if (open.Length == 0)
        {
            return adapter;
        }

        string[] attentions = [.. graph.Nodes.Where(node => node.Operator is Softmax && PrefixRewrite.Around(graph, node) is not null).Select(node => node.Name)];
        string Place(StructuralPart part) => map?.Find(part.Place)
            ?? (part is PrefixPart && attentions.Length == open.Length ? attentions[Array.IndexOf(open, part)] : throw Unknown(adapter, part, attentions));

        return adapter with { Structure = adapter.Structure.Select(part => IsOpen(part) ? part with { Place = Place(part) } : part).ToEquatableArray() };
    }

    /// <summary>Whether a map has to, or may, name the part's place.</summary>
    public static bool IsOpen(StructuralPart part) => part.Place == PeftPrompt.Tensor || part.Place.StartsWith(PeftPrompt.Tensor + ".", StringComparison.Ordinal);

    private static DiagnosticException Unknown(PeftAdapter adapter, StructuralPart part, string[] attentions)
    {
        string why = part is PromptPart
            ? "The adapter does not say which node writes the sequence that its tokens precede"
            : $"The adapter has prefixes for {adapter.Structure.Count(IsOpen)} layers, the network has {attentions.Length} attentions ({Names.List(attentions, Listed)})";
        string example = part is PromptPart ? "the node that writes the sequence" : "the node of the attention's softmax";
        return new DiagnosticException("MCU0446", why + ".", adapter.Name, $"Give --adapter-map with a line \"{part.Place}\": \"NODE\", {example}; 'mcu inspect' lists the nodes.");
    }
}
