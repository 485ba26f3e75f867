using Mcu.Emulation.Evaluation;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Int8;

/// <summary>Kernels and memory plans against the int8 reference on random networks, byte for byte.</summary>
public sealed class RandomNetworkTests
{
    private const int Samples = 6;

    public static TheoryData<int> HostSeeds => [.. Enumerable.Range(1, 24)];

    public static TheoryData<int, string> EmulatedSeeds
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int seed in Enumerable.Range(101, 12))
            {
                data.Add(seed, "cortex-m4");
                if (seed % 3 == 0)
                {
                    data.Add(seed, "cortex-m0plus");
                }

                data.Add(seed, "atmega2560");
            }

            return data;
        }
    }

    public static TheoryData<int, string> TransformerSeeds
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int seed in Enumerable.Range(1, 40))
            {
                data.Add(seed, "host");
                if (seed <= 10)
                {
                    data.Add(seed, "cortex-m4");
                    data.Add(seed, "atmega2560");
                }

                if (seed <= 4)
                {
                    data.Add(seed, "cortex-m0plus");
                    data.Add(seed, "cortex-m55");
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(HostSeeds))]
    public async Task Host_firmware_equals_the_reference(int seed) => await CompareAsync(seed, "host");

    [Theory]
    [MemberData(nameof(EmulatedSeeds))]
    public async Task Emulated_firmware_equals_the_reference(int seed, string target) => await CompareAsync(seed, target);

    [Theory]
    [MemberData(nameof(TransformerSeeds))]
    public async Task Transformer_firmware_equals_the_reference(int seed, string target) => await CompareAsync(TransformerNetworks.Chain(seed), seed, target);

    private static async Task CompareAsync(int seed, string target) => await CompareAsync(RandomNetworks.Chain(seed), seed, target);

    private static async Task CompareAsync(Graph graph, int seed, string target)
    {
        Int8Model model = Int8Model.Prepare(graph);
        byte[] inputs = new byte[Samples * (int)graph[graph.Inputs[0]].Shape.Elements];
        new Random(seed).NextBytes(inputs);
        CancellationToken token = TestContext.Current.CancellationToken;

        RunMeasurements expected = await new ReferenceRunner(model).RunAsync(inputs, 0, token);
        RunMeasurements actual = await (await Firmware.RunnerAsync(model, target)).RunAsync(inputs, 0, token);

        string description = string.Join("; ", graph.Nodes.Select(n => $"{n.Operator} {string.Join(' ', n.Inputs.Select(i => graph[i].Shape))} -> {graph[n.Output].Shape}"));
        Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), $"seed {seed} on {target}: {description}");
    }
}
