using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>A rewriting of the whole graph: a pure function that keeps what the network computes.</summary>
public interface IGraphPass
{
    /// <summary>Name in dumps and errors.</summary>
    string Name { get; }

    /// <summary>The rewritten graph, or the same one when nothing fits.</summary>
    Graph Run(Graph graph, DiagnosticBag notes);
}
