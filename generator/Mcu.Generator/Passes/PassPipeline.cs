using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>Runs passes in order, validating the graph after each.</summary>
public sealed class PassPipeline(IReadOnlyList<IGraphPass> passes)
{
    public IReadOnlyList<IGraphPass> Passes { get; } = passes;

    /// <param name="graph">A validated graph.</param>
    /// <param name="notes">Receives what passes have to say.</param>
    /// <param name="dump">Called after each pass that changed the graph, with the pass's name.</param>
    /// <exception cref="DiagnosticException">The graph that a pass leaves is not valid; the message names the pass.</exception>
    public Graph Run(Graph graph, DiagnosticBag notes, Action<string, Graph>? dump = null)
    {
        foreach (IGraphPass pass in Passes)
        {
            Graph next = pass.Run(graph, notes);
            if (ReferenceEquals(next, graph))
            {
                continue;
            }

            graph = Validated(next, pass);
            dump?.Invoke(pass.Name, graph);
        }

        return graph;
    }

    private static Graph Validated(Graph graph, IGraphPass pass)
    {
        try
        {
            return GraphValidator.Validate(graph);
        }
        catch (DiagnosticException e)
        {
            throw new DiagnosticException(e.Diagnostic with { Message = $"After pass {pass.Name}: {e.Diagnostic.Message}" });
        }
    }
}
