using System.Collections.Immutable;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Int8;

/// <summary>Int8 networks of adapters that add nodes.</summary>
public static class StructuralPrograms
{
    /// <summary>The model with one more adapter, which is a network of its own with the base's quantisation wherever the base has the tensor.</summary>
    /// <param name="model">Int8 form of the base.</param>
    /// <param name="calibration">What made it.</param>
    /// <exception cref="DiagnosticException">MCU0722: the output would have another scale or shape than the base's.</exception>
    public static Int8Model Add(Int8Model model, BaseCalibration calibration, BoundAdapter adapter, DiagnosticBag notes, CancellationToken cancellation)
    {
        Graph structure = adapter.Structure!;
        Graph graph = GraphQuantizer.Quantize(structure, calibration.Extended(structure, adapter.Name, notes, cancellation));
        Check(model.Graph, graph, adapter.Name);
        var program = new Int8Adapter(adapter.Name, adapter.Sha256, ImmutableDictionary<string, LayerVariant>.Empty) 
        {
            Methods = AdapterMethods.Of(adapter),
            Program = Int8Model.Prepare(graph),
        };
        return model with { Adapters = model.Adapters.Append(program).ToEquatableArray() };
    }

    /// <summary>MCU0723 for an adapter that adds nodes, where only tables of layers can be changed.</summary>
    public static void Refuse(BoundAdapter adapter)
    {
        if (adapter.Structure is not null)
        {
            throw new DiagnosticException(
                "MCU0723",
                "The adapter adds nodes to the network; a delta image changes tables of layers that the firmware has and cannot hold a program.",
                adapter.Name,
                "Compile it in: 'mcu compile --adapter', and select it at run time.");
        }
    }

    private static void Check(Graph expected, Graph actual, string adapter)
    {
        foreach ((string a, string b) in expected.Inputs.Zip(actual.Inputs).Concat(expected.Outputs.Zip(actual.Outputs)))
        {
            if (expected[a].Shape != actual[b].Shape || expected[a].Quantization != actual[b].Quantization)
            {
                throw new DiagnosticException(
                    "MCU0722",
                    $"With the adapter '{b}' has shape {actual[b].Shape} and scale {actual[b].Quantization!.Scale}; of the base it has {expected[a].Shape} and {expected[a].Quantization!.Scale}, and a firmware has one interface.",
                    adapter,
                    "Place the adapter before the network's last layer.");
            }
        }
    }
}
