using System.Collections.Immutable;
using CsCheck;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Channels;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators.Numerics;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Int8;

namespace Mcu.Tests.Channels;

/// <summary>Random networks with random dead channels: the reduced network and its firmware give the whole network's bytes.</summary>
public sealed class RandomDeadTests
{
    private const int Networks = 400;

    public static TheoryData<int, string> Seeds
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int seed in Enumerable.Range(501, 14))
            {
                data.Add(seed, "host");
                if (seed % 3 == 0)
                {
                    data.Add(seed, "cortex-m4");
                }
            }

            return data;
        }
    }

    [Fact]
    public void A_reduced_network_gives_the_same_bytes()
    {
        int reducedNetworks = 0;
        Gen.Int[1, int.MaxValue].Sample(
            seed =>
            {
                if (Prepared(Dead(seed)) is not { } whole)
                {
                    return true;
                }

                Int8Model reduced = DeadChannels.Remove(whole);
                Interlocked.Add(ref reducedNetworks, reduced.Removal is null ? 0 : 1);
                byte[] inputs = DeadGraph.Inputs(whole.Graph, seed);
                return DeadGraph.Outputs(whole, inputs).AsSpan().SequenceEqual(DeadGraph.Outputs(reduced, inputs));
            },
            iter: Networks);
        Assert.InRange(reducedNetworks, Networks / 8, Networks);
    }

    [Fact]
    public void Adapters_give_the_same_bytes_too_and_are_refused_rather_than_changed()
    {
        int reducedNetworks = 0;
        int refused = 0;
        Gen.Int[1, int.MaxValue].Sample(
            seed =>
            {
                if (Prepared(Dead(seed)) is not { } alone)
                {
                    return true;
                }

                Int8Model whole = Adapted(alone, seed);
                byte[] inputs = DeadGraph.Inputs(whole.Graph, seed);
                byte[] expected = DeadGraph.Outputs(whole, inputs, 1);
                Int8Model reduced = DeadChannels.Remove(whole);
                Interlocked.Add(ref reducedNetworks, reduced.Removal is null ? 0 : 1);
                bool same = expected.AsSpan().SequenceEqual(DeadGraph.Outputs(reduced, inputs, 1));
                try
                {
                    Int8Model ofBase = DeadChannels.RemoveOfBase(whole);
                    same &= expected.AsSpan().SequenceEqual(DeadGraph.Outputs(ofBase, inputs, 1));
                    if (ofBase.Removal is { } removal)
                    {
                        Int8Model back = whole with { Adapters = [removal.Expand(ofBase.Adapters[0])] };
                        same &= expected.AsSpan().SequenceEqual(DeadGraph.Outputs(back, inputs, 1));
                    }
                }
                catch (DiagnosticException e) when (e.Diagnostic.Code == "MCU0681")
                {
                    Interlocked.Increment(ref refused);
                }

                return same;
            },
            iter: Networks);
        Assert.InRange(reducedNetworks, Networks / 16, Networks);
        Assert.InRange(refused, Networks / 40, Networks / 2);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Firmware_of_a_reduced_network_gives_the_bytes_of_the_whole_one(int seed, string target)
    {
        Int8Model whole = Adapted(Int8Model.Prepare(Dead(seed)), seed);
        byte[] inputs = DeadGraph.Inputs(whole.Graph, seed);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(DeadChannels.Remove(whole), target);

        for (int adapter = 0; adapter <= 1; adapter++)
        {
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, TestContext.Current.CancellationToken);
            Assert.True(DeadGraph.Outputs(whole, inputs, adapter).AsSpan().SequenceEqual(actual.Outputs), $"seed {seed}, adapter {adapter} on {target}");
        }
    }

    /// <summary>Null for a network that has no int8 form: a chain of many scales may end in a softmax of one too small.</summary>
    private static Int8Model? Prepared(Graph graph)
    {
        try
        {
            return Int8Model.Prepare(graph);
        }
        catch (DiagnosticException)
        {
            return null;
        }
    }

    /// <summary>A chain in which some outputs lost their weights and some inputs their readers; constants on and off the zero point.</summary>
    private static Graph Dead(int seed)
    {
        Graph graph = RandomNetworks.Chain(seed);
        var random = new Random(seed);
        foreach (Node node in graph.Nodes.Where(n => n.Inputs.Length > 1 && graph[n.Inputs[1]].IsConstant))
        {
            double share = random.Next(4) == 0 ? 1 : random.NextDouble();
            for (int c = 0; c < graph[node.Output].Shape[-1]; c++)
            {
                graph = random.NextDouble() < share ? graph.Kill(node.Name, c, random.Next(3) == 0 ? random.Next(-60, 60) : 0) : graph;
            }

            for (int c = 0; c < graph[node.Inputs[0]].Shape[-1] && node.Operator is not Generator.Operators.DepthwiseConv2D; c++)
            {
                graph = random.Next(3) == 0 ? graph.Ignore(node.Name, c) : graph;
            }
        }

        return graph;
    }

    /// <summary>With an adapter that changes a few weights, biases and low-rank terms.</summary>
    private static Int8Model Adapted(Int8Model model, int seed)
    {
        var random = new Random(unchecked(seed + 1));
        var variants = ImmutableDictionary.CreateBuilder<string, LayerVariant>(StringComparer.Ordinal);
        foreach (Node node in model.Graph.Nodes.Where(n => model.Layers[n.Name] is LinearLayer && random.Next(2) == 0))
        {
            var layer = (LinearLayer)model.Layers[node.Name];
            bool canHaveTerms = node.Operator is not Generator.Operators.DepthwiseConv2D;
            variants[node.Name] = (random.Next(canHaveTerms ? 3 : 2)) switch
            {
                0 => new LayerVariant(AdapterMode.MergeSparse, layer with { Corrections = Some(layer, random) }),
                1 => new LayerVariant(AdapterMode.Bias, layer with { Bias = layer.Bias.Select(b => random.Next(4) == 0 ? b / 2 : b).ToEquatableArray() }),
                _ => new LayerVariant(AdapterMode.Side, layer with { Side = Term(layer, random) }),
            };
        }

        return model with { Adapters = [new Int8Adapter("random", "00", variants.ToImmutable())] };
    }

    private static SparseCorrection Some(LinearLayer layer, Random random)
    {
        int depth = layer.Weights.Length / layer.OutputChannels;
        var changes = Enumerable.Range(0, layer.Weights.Length).Where(_ => random.Next(20) == 0).ToList();
        return new SparseCorrection(
            Enumerable.Range(0, layer.OutputChannels + 1).Select(o => changes.Count(i => i < o * depth)).ToEquatableArray(),
            changes.Select(i => i % depth).ToEquatableArray(),
            changes.Select(_ => (short)random.Next(-255, 256)).ToEquatableArray());
    }

    private static SidePath Term(LinearLayer layer, Random random)
    {
        int depth = layer.Weights.Length / layer.OutputChannels;
        int rank = random.Next(1, 4);
        sbyte Any(int zeros) => random.Next(4) < zeros ? (sbyte)0 : (sbyte)random.Next(-127, 128);
        return new SidePath(
            rank,
            Enumerable.Range(0, rank * depth).Select(_ => Any(1)).ToEquatableArray(),
            Enumerable.Repeat(1 << 30, rank).ToEquatableArray(),
            Enumerable.Range(0, rank).Select(_ => -random.Next(0, 6)).ToEquatableArray(),
            Enumerable.Range(0, rank * layer.OutputChannels).Select(_ => Any(3)).ToEquatableArray(),
            Enumerable.Range(0, layer.OutputChannels).Select(_ => random.Next(2, 8)).ToEquatableArray());
    }
}
