using System.Globalization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;

namespace Mcu.Generator.Calibration;

/// <summary>Samples with the ranges that they give the base, for the base and for adapters that add nodes to it.</summary>
/// <param name="Base">Canonical float graph of the base.</param>
/// <param name="Samples">In the graph's input type and layout.</param>
/// <param name="Ranges">Of every activation of the base.</param>
public sealed record BaseCalibration(
    Graph Base, IReadOnlyList<TensorValue> Samples, CalibrationMethod Method, IReadOnlyDictionary<string, ActivationRange> Ranges)
{
    /// <summary>Values beyond an end of a range by less than this part of its width are rare ones, and clipped.</summary>
    private const float ClippedPart = 0.125f;

    /// <summary>Reads the samples of the options and runs the base; MCU0717 without samples, MCU0712 to 0713 and MCU0741 for bad ones.</summary>
    public static BaseCalibration Run(Graph graph, CompileOptions options, DiagnosticBag notes, IProgress<double>? progress, CancellationToken cancellation)
    {
        Tensor input = graph[graph.Inputs[0]];
        if (options.CalibrationPath is null)
        {
            throw new DiagnosticException(
                "MCU0717",
                "The base is a float network and must become int8, which needs samples.",
                graph.Source.FileName,
                $"Give --calibration FILE (.npy, .npz or raw float32) with some 100 typical inputs of shape {input.Shape}.");
        }

        IReadOnlyList<TensorValue> samples = SampleFile.Read(options.CalibrationPath, input.Shape, input.Type, input.Name);
        IReadOnlyDictionary<string, ActivationRange> ranges = Calibrator.Run(graph, samples, options.CalibrationMethod, progress, cancellation);
        if (ranges[input.Name] is { Min: 0, Max: 0 })
        {
            notes.Warn("MCU0742", "The calibration samples are all zero; the ranges of the activations mean nothing.", options.CalibrationPath, "Give typical inputs.");
        }

        return new BaseCalibration(graph, samples, options.CalibrationMethod, ranges);
    }

    /// <summary>
    /// Ranges of a graph that holds the base's nodes and others. A tensor of the base, by name, keeps the base's range, so that tables of its
    /// layers stay equal, where that holds what is seen but for <see cref="ClippedPart"/>; what is new or goes further is calibrated with the graph
    /// itself. The output keeps the base's range in any case: whoever runs the network sees one scale.
    /// </summary>
    /// <param name="name">Of the adapter, for the warning MCU0725 where the output goes further.</param>
    public IReadOnlyDictionary<string, ActivationRange> Extended(Graph graph, string name, DiagnosticBag notes, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, ActivationRange> seen = Calibrator.Run(graph, Samples, Method, null, cancellation);
        Dictionary<string, ActivationRange> ranges = seen.ToDictionary(
            r => r.Key, r => Ranges.TryGetValue(r.Key, out ActivationRange known) && Holds(known, r.Value) ? known : r.Value, StringComparer.Ordinal);
        ActivationRange output = Ranges[Moved(Base)];
        if (!Holds(output, seen[Moved(graph)]))
        {
            notes.Warn(
                "MCU0725",
                string.Create(CultureInfo.InvariantCulture, $"With the adapter the output reaches {seen[Moved(graph)].Min:G4} to {seen[Moved(graph)].Max:G4}; it ends at the base's {output.Min:G4} to {output.Max:G4}, since a firmware's output has one scale."),
                name,
                "Check it with 'mcu eval'; calibrate with samples for which the base's outputs reach as far.");
        }

        ranges[Moved(graph)] = output;
        return ranges;
    }

    /// <summary>Whether a range holds another, but for a part of its own width at either end.</summary>
    private static bool Holds(ActivationRange range, ActivationRange other)
    {
        float clipped = (range.Max - range.Min) * ClippedPart;
        return range.Min - clipped <= other.Min && other.Max <= range.Max + clipped;
    }

    /// <summary>The tensor from which the output has its quantisation.</summary>
    private static string Moved(Graph graph)
    {
        string name = graph.Outputs[0];
        while (graph.ProducerOf(name) is { } node && GraphQuantizer.KeepsQuantization(node.Operator))
        {
            name = node.Inputs[0];
        }

        return name;
    }
}
