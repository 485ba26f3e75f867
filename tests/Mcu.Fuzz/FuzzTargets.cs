using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.OrtAdapter;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Tflite;
using Mcu.Generator.Passes;
using Mcu.Tests.Ingest.Tflite;
using Mcu.Tests.Onnx;

namespace Mcu.Fuzz;

/// <summary>A reader of untrusted bytes.</summary>
/// <param name="Name">First argument on the command line.</param>
/// <param name="Extension">Which files of a corpus folder are seeds.</param>
/// <param name="Read">Reads the bytes: returns, or throws a <see cref="DiagnosticException"/>; anything else is a bug.</param>
/// <param name="Seeds">Built-in valid inputs, so that no corpus is needed.</param>
internal sealed record FuzzTarget(string Name, string Extension, Action<byte[]> Read, Func<IEnumerable<byte[]>> Seeds)
{
    /// <summary>Reads the bytes; a diagnostic is a good answer.</summary>
    public void Accepts(byte[] input)
    {
        try
        {
            Read(input);
        }
        catch (DiagnosticException)
        {
        }
    }
}

/// <summary>Every reader, one line each.</summary>
internal static class FuzzTargets
{
    private static readonly byte[] AdapterWeights = PeftSeeds.Weights().First();
    private static readonly byte[] AdapterConfig = PeftSeeds.Configs().First();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("onnx", ".onnx", b => StandardPasses.Canonicalise(OnnxReader.Read(b, "fuzz.onnx", new DiagnosticBag()), new DiagnosticBag()), () => [.. TinyOnnx.All.Select(create => create())]),
        new("tflite", ".tflite", b => TfliteReader.Read(b, "fuzz.tflite", new DiagnosticBag()), () => [TfliteWriter.Write(TinyTflite.Int8Network()), TfliteWriter.Write(TinyTflite.DynamicRangeNetwork())]),
        new("safetensors", ".safetensors", b => SafetensorsReader.Read(b, "fuzz.safetensors"), PeftSeeds.Weights),
        new("peft-config", ".json", b => PeftReader.Read("fuzz", b, AdapterWeights, new DiagnosticBag()), PeftSeeds.Configs),
        new("peft-weights", ".safetensors", b => PeftReader.Read("fuzz", AdapterConfig, b, new DiagnosticBag()), PeftSeeds.Weights),
        new("mcud", ".mcud", DeltaSeeds.Read, DeltaSeeds.Images),
        new("onnx-adapter", ".onnx_adapter", b => OrtAdapterReader.Read(b, "fuzz.onnx_adapter", new DiagnosticBag()), PeftSeeds.OrtAdapters),
        new("npz-adapter", ".npz", b => NumpyAdapterReader.Read(b, "fuzz.npz"), PeftSeeds.Archives),
        new("npz", ".npz", b => NumpyReader.Read(b, "fuzz.npz"), NumpySeeds.Archives),
        new("npy", ".npy", b => NumpyReader.Read(b, "fuzz.npy"), NumpySeeds.Arrays),
    ];
}
