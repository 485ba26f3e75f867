using System.Runtime.InteropServices;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Int8;
using Mcu.Generator.Verification;
using Mcu.Tests.Adapters;

namespace Mcu.Tests.EndToEnd;

/// <summary>A compact convolutional transformer in int8, with the adapters of <see cref="CctCase"/> bound to it.</summary>
internal static class CalibratedCct
{
    private static readonly Lazy<(LoadedModel Loaded, Int8Model Base)> Model = new(() =>
    {
        LoadedModel loaded = CctCase.Load([.. CctCase.Names.Select(CctCase.Of)]);
        return (loaded, Int8Model.Prepare(GraphQuantizer.Quantize(loaded.Canonical, Ranges(loaded))));
    });

    public static (LoadedModel Loaded, Int8Model Base) Value
    {
        get
        {
            // Outside the cache, so that every test is skipped and not only the first.
            _ = CctCase.Path;
            return Model.Value;
        }
    }

    /// <summary>The base with every adapter compiled in.</summary>
    public static Int8Model Adapted(AdapterModeChoice mode)
    {
        (LoadedModel loaded, Int8Model model) = Value;
        return loaded.Adapters.Aggregate(model, (m, adapter) => Int8AdapterBuilder.Add(m, loaded.Canonical, adapter, mode));
    }

    /// <summary>The published input and normally distributed images beside it.</summary>
    public static TensorValue[] Images(Graph graph, int firstSeed, int count)
    {
        Shape shape = graph[graph.Inputs[0]].Shape;
        float[] published = (float[])NumpyReader.Read(TestData.Shared("onnx/cct_16_8/inputs.npz")).Single(a => a.Name == "input").Data;
        return
        [
            new TensorValue(shape, published),
            .. Enumerable.Range(firstSeed, count - 1).Select(seed =>
            {
                var random = new Random(seed);
                return new TensorValue(shape, [.. published.Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))]);
            }),
        ];
    }

    /// <summary>The same as int8 inputs, back to back.</summary>
    public static byte[] Bytes(Int8Model model, int firstSeed, int count) =>
        [.. Images(model.Graph, firstSeed, count).SelectMany(s => MemoryMarshal.AsBytes<sbyte>(Int8Samples.Quantize(s, model.Graph[model.Graph.Inputs[0]]).Int8).ToArray())];

    /// <summary>Ranges that hold the activations of the base and of every adapter, as of a base that is to carry them.</summary>
    private static Dictionary<string, ActivationRange> Ranges(LoadedModel loaded) => loaded.Adapters
        .Select(a => FloatMerge.Apply(loaded.Canonical, a)).Append(loaded.Canonical)
        .SelectMany(graph => Calibrator.Run(graph, Images(graph, 0, 24), CalibrationMethod.MinMax, null, CancellationToken.None))
        .GroupBy(r => r.Key, r => r.Value, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => new ActivationRange(g.Min(r => r.Min), g.Max(r => r.Max)), StringComparer.Ordinal);
}
