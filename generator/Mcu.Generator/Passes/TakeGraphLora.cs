using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Takes low-rank branches out of a graph: merged into the weights beside them, or as an adapter whose modules are named
/// like the nodes that they change. Passes that follow record on the weights what they do to them, so that the adapter is
/// bound at the end like one from a file.
/// </summary>
public static class TakeGraphLora
{
    /// <param name="graph">A graph in which matrix products are fully connected layers and biases are folded.</param>
    /// <param name="mode">What to do.</param>
    /// <param name="notes">Receives how many branches were found.</param>
    /// <returns>The graph, and what was lifted (null in the other modes).</returns>
    /// <exception cref="DiagnosticException">MCU0651: merge or lift is asked for, but the graph has no such branch.</exception>
    public static (Graph Graph, PeftAdapter? Lifted) Run(Graph graph, GraphLoraMode mode, DiagnosticBag notes)
    {
        var modules = new List<PeftModule>();
        int found = 0;
        Graph result = mode == GraphLoraMode.Run ? graph : GraphRewrite.ToFixpoint(graph, Sweep);
        found += mode == GraphLoraMode.Run ? GraphLoraBranch.FindAll(graph, new GraphIndex(graph)).Count() : 0;
        Report(graph, mode, found, notes);
        PeftAdapter? lifted = mode == GraphLoraMode.Lift
            ? new PeftAdapter(Path.GetFileNameWithoutExtension(graph.Source.FileName), graph.Source.Sha256, modules.OrderBy(m => m.Module, StringComparer.Ordinal).ToEquatableArray())
            : null;
        return (result, lifted);

        void Sweep(GraphRewrite rewrite)
        {
            foreach (GraphLoraBranch branch in GraphLoraBranch.FindAll(rewrite.Graph, rewrite.Index))
            {
                // A second branch beside one layer stays in the graph when the first is lifted: an adapter has one per layer.
                bool second = modules.Exists(m => m.Module == branch.Layer.Node.Name);
                if (!second && rewrite.TryTake([branch.Sum, branch.Layer.Node, .. branch.Nodes]))
                {
                    found++;
                    Take(rewrite, branch, mode, modules);
                }
            }
        }
    }

    private static void Take(GraphRewrite rewrite, GraphLoraBranch branch, GraphLoraMode mode, List<PeftModule> modules)
    {
        Node layer = branch.Layer.Node;
        AdapterTensor a = Factor(branch.Down.Weights);
        AdapterTensor b = Factor(branch.Up.Weights);
        if (mode == GraphLoraMode.Lift)
        {
            modules.Add(new PeftModule(layer.Name, new LoraFactors(a, b, branch.Down.Outputs, branch.Scale), null, null, null, false));
        }
        else
        {
            Tensor weights = branch.Layer.Weights;
            float[] merged = FloatMerge.Merged(weights.Floats(), new LoraPatch(layer.Name, layer.Name, a, b, branch.Scale));
            string name = rewrite.SetConstant(weights, Constants.Of(weights, weights.Shape, merged), "merged");
            layer = layer with { Inputs = [layer.Inputs[0], name, .. layer.Inputs.Skip(2)] };
        }

        Operator op = branch.Layer.With(((Add)branch.Sum.Operator).Activation);
        rewrite.Replace(branch.Layer.Node, layer with { Operator = op, Outputs = branch.Sum.Outputs });
        rewrite.Remove(branch.Sum);
        foreach (Node node in branch.Nodes)
        {
            rewrite.Remove(node);
        }
    }

    private static AdapterTensor Factor(Tensor weights) => new(weights.Shape, ((FloatData)weights.Data!).Values);

    private static void Report(Graph graph, GraphLoraMode mode, int found, DiagnosticBag notes)
    {
        if (found == 0 && mode != GraphLoraMode.Run)
        {
            throw new DiagnosticException(
                "MCU0651",
                "The graph has no low-rank branch W·x + B·A·x beside a linear layer.",
                graph.Source.FileName,
                "Leave out --graph-lora, or give the adapter's folder with --adapter.");
        }

        if (found > 0)
        {
            string done = mode switch
            {
                GraphLoraMode.Run => "run as they are written (see --graph-lora)",
                GraphLoraMode.Merge => "are folded into their layers' weights",
                _ => "are lifted out as an adapter",
            };
            notes.Note("MCU0652", $"{found} low-rank branches (LoRA) stand in the graph; they {done}.", graph.Source.FileName);
        }
    }
}
