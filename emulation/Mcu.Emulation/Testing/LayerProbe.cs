using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Testing;

/// <summary>Looks for the layer where firmware and the int8 reference part, with firmware that writes the output of every layer.</summary>
internal sealed class LayerProbe(string folder, TargetDescription target, ToolProbe tools, FirmwareRunner runner)
{
    /// <summary>A sentence on the first layer that differs for one sample, or on why none is named.</summary>
    public async Task<string> DescribeAsync(Int8Model model, ReadOnlyMemory<byte> sample, RunOptions run, CancellationToken cancellation = default)
    {
        try
        {
            FirmwareImage image = await new FirmwareBuilder(tools).BuildAsync(folder, target, new BuildOptions { Probes = true }, cancellation);
            RunResult result = await runner.RunAsync(image, sample, run, cancellation);
            return result.LayerOutputs.Length == 0
                ? " The layer is not known: this network's layers cannot be probed."
                : Compare(image.Manifest, result.LayerOutputs, Reference(model, sample, run.AdapterIndex));
        }
        catch (DiagnosticException failure)
        {
            return $" The layer is not known: {failure.Diagnostic.Code}: {failure.Diagnostic.Message}";
        }
    }

    private static Dictionary<string, TensorValue> Reference(Int8Model model, ReadOnlyMemory<byte> sample, int adapter)
    {
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        return Int8Reference.Run(model, new Dictionary<string, TensorValue> { [input.Name] = SampleBytes.ToValue(sample.Span, input) }, adapter);
    }

    private static string Compare(EmittedManifest manifest, ReadOnlySpan<byte> actual, Dictionary<string, TensorValue> reference)
    {
        EquatableArray<EmittedLayerOutput> outputs = manifest.LayerOutputs ?? [];
        int start = 0;
        for (int layer = 0; layer < outputs.Length; layer++)
        {
            int bytes = outputs[layer].Bytes;
            if (start + bytes > actual.Length)
            {
                return $" The layer is not known: layer {layer} '{manifest.Layers[layer]}' did not end.";
            }

            ReadOnlySpan<byte> own = actual.Slice(start, bytes);
            start += bytes;
            if (!reference.TryGetValue(outputs[layer].Tensor, out TensorValue? value) || SampleBytes.FromValue(value) is not { } expected || expected.Length != bytes)
            {
                return $" The layer is not known: the reference has no output of layer {layer} '{manifest.Layers[layer]}'; is it the model that was compiled?";
            }

            if (!own.SequenceEqual(expected))
            {
                return Describe(layer, manifest.Layers[layer], own, expected);
            }
        }

        return " No layer differs in firmware that writes the output of every layer.";
    }

    private static string Describe(int layer, string name, ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        int count = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            count += actual[i] != expected[i] ? 1 : 0;
        }

        int first = actual.CommonPrefixLength(expected);
        return string.Create(
            CultureInfo.InvariantCulture,
            $" The first layer that differs is {layer} '{name}', in {count} of {actual.Length} bytes; byte {first}: {(sbyte)actual[first]} instead of {(sbyte)expected[first]}.");
    }
}
