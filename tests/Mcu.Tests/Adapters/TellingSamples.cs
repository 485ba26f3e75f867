using System.Collections.Concurrent;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Adapters;

/// <summary>
/// Samples on which every adapter of a network gives other output bytes than the base and than every other adapter, by the int8
/// reference, so that firmware that leaves one out is seen.
/// </summary>
internal static class TellingSamples
{
    private const int Searched = 40;

    private static readonly ConcurrentDictionary<(string Network, string Adapters), Lazy<byte[]>> Found = new();

    /// <param name="model">The network with the adapters that are to differ.</param>
    public static byte[] Of(MethodNetwork network, Int8Model model) =>
        Found.GetOrAdd((network.Name, string.Join(' ', model.Adapters.Select(a => a.Sha256 + a.Name + string.Concat(a.Variants.Values.Select(v => v.Mode))))), _ => new Lazy<byte[]>(() => Search(network, model))).Value;

    private static byte[] Search(MethodNetwork network, Int8Model model)
    {
        LabelledSamples data = network.Samples();
        byte[] inputs = SampleConversion.ToInput(data.Take(0, Searched).Values, data.Scale, model.Graph[model.Graph.Inputs[0]]);
        byte[][] outputs = [.. Enumerable.Range(0, model.Adapters.Length + 1).AsParallel().AsOrdered().Select(adapter => Run(model, inputs, adapter))];
        var chosen = new SortedSet<int>();
        for (int one = 0; one < outputs.Length; one++)
        {
            for (int other = one + 1; other < outputs.Length; other++)
            {
                if (!chosen.Any(sample => Differ(outputs[one], outputs[other], sample)))
                {
                    int sample = Enumerable.Range(0, Searched).FirstOrDefault(s => Differ(outputs[one], outputs[other], s), -1);
                    Assert.True(sample >= 0, $"{NameOf(model, one)} and {NameOf(model, other)} give the same bytes for {Searched} samples");
                    chosen.Add(sample);
                }
            }
        }

        return [.. chosen.SelectMany(sample => Part(inputs, sample))];
    }

    private static byte[] Run(Int8Model model, byte[] inputs, int adapter) =>
        new ReferenceRunner(model).RunAsync(inputs, adapter, CancellationToken.None).GetAwaiter().GetResult().Outputs;

    private static bool Differ(byte[] one, byte[] other, int sample) => !Part(one, sample).SequenceEqual(Part(other, sample));

    private static ArraySegment<byte> Part(byte[] all, int sample) => new(all, sample * (all.Length / Searched), all.Length / Searched);

    private static string NameOf(Int8Model model, int adapter) => adapter == 0 ? "the base" : model.Adapters[adapter - 1].Name;
}
