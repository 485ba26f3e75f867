using System.Collections.Immutable;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Int8;

/// <summary>Changed weights as a stream: its bytes by hand, and kernels against the int8 reference on random networks.</summary>
public sealed class SparseNetworkTests
{
    private const int Samples = 4;

    public static TheoryData<int, string> Cases
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int seed in Enumerable.Range(301, 10))
            {
                data.Add(seed, "host");
                data.Add(seed, "cortex-m4");
                if (seed % 3 == 0)
                {
                    data.Add(seed, "cortex-m0plus");
                }
            }

            return data;
        }
    }

    [Fact]
    public void A_stream_holds_gaps_and_differences_in_weight_order()
    {
        // Rows of 300 weights: column 2 by 5; row 1, columns 0 and 299 by -130 and 255.
        var corrections = new SparseCorrection([0, 1, 3], [2, 0, 299], [5, -130, 255]);

        byte[] stream = SparseStream.Encode(corrections, 300);

        Assert.Equal([2, 5, 255, 0, 43, 0x80, 0, 0xFE, 255, 0, 44, 127, 0, 127, 0, 1], stream);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Firmware_with_changed_weights_equals_the_reference(int seed, string target)
    {
        Graph graph = RandomNetworks.Chain(seed);
        var random = new Random(seed);
        Int8Model model = Int8Model.Prepare(graph);
        ImmutableDictionary<string, LayerVariant> variants = graph.Nodes
            .Where(n => model.Layers[n.Name] is LinearLayer)
            .ToImmutableDictionary(n => n.Name, n => new LayerVariant(AdapterMode.MergeSparse, Changed((LinearLayer)model.Layers[n.Name], random)), StringComparer.Ordinal);
        model = model with { Adapters = [new Int8Adapter("sparse", "00", variants)] };
        byte[] inputs = new byte[Samples * (int)graph[graph.Inputs[0]].Shape.Elements];
        random.NextBytes(inputs);
        CancellationToken token = TestContext.Current.CancellationToken;
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target);

        for (int adapter = 0; adapter <= 1; adapter++)
        {
            RunMeasurements expected = await new ReferenceRunner(model).RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            string description = string.Join("; ", graph.Nodes.Select(n => $"{n.Operator} {graph[n.Inputs[0]].Shape} -> {graph[n.Output].Shape}"));
            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), $"seed {seed}, adapter {adapter} on {target}: {description}");
        }
    }

    /// <summary>From single changes to almost every weight; some beyond an int8.</summary>
    private static LinearLayer Changed(LinearLayer layer, Random random)
    {
        int depth = layer.Weights.Length / layer.OutputChannels;
        double density = random.Next(3) switch { 0 => 0.02, 1 => 0.3, _ => 0.9 };
        var rows = new List<int> { 0 };
        var columns = new List<int>();
        var differences = new List<short>();
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            for (int k = 0; k < depth; k++)
            {
                if (random.NextDouble() < density)
                {
                    columns.Add(k);
                    differences.Add((short)random.Next(-255, 256));
                }
            }

            rows.Add(columns.Count);
        }

        return layer with { Corrections = new SparseCorrection(rows.ToEquatableArray(), columns.ToEquatableArray(), differences.ToEquatableArray()) };
    }
}
