using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Emit;

/// <summary>
/// Reads <c>mcu.json</c> as hostile input: its values become file names, compiler arguments and buffer sizes.
/// </summary>
internal static partial class ManifestReader
{
    private const long SizeLimit = 16 << 20;
    private const int CountLimit = 100_000;
    private const int ByteLimit = 1 << 30;

    public static EmittedManifest Load(string folder)
    {
        string path = Path.Combine(folder, EmittedManifest.FileName);
        EmittedManifest manifest = Parse(path);
        new Checker(path).Check(manifest);
        foreach (string file in manifest.Sources.Append(manifest.Header))
        {
            if (!File.Exists(Path.Combine(folder, file)))
            {
                throw new DiagnosticException("MCU1083", $"The file '{file}' named by the manifest is not there.", path, "Compile the model again.");
            }
        }

        return manifest;
    }

    private static EmittedManifest Parse(string path)
    {
        if (!File.Exists(path))
        {
            throw new DiagnosticException(
                "MCU1080", "This is not a folder of emitted sources: it has no mcu.json.", path, "Give the folder that 'mcu compile -o' wrote.");
        }

        try
        {
            using FileStream stream = File.OpenRead(path);
            return stream.Length > SizeLimit
                ? throw new JsonException("the file is larger than 16 MiB")
                : JsonSerializer.Deserialize(stream, ManifestJson.Default.EmittedManifest) ?? throw new JsonException("null is not a manifest");
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU1081", $"The manifest cannot be read: {failure.Message}", path, "Compile the model again.");
        }
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_]{0,62}\z")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*\z")]
    private static partial Regex RelativePath();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z0-9_]*)?\z")]
    private static partial Regex Definition();

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Sha256();

    private readonly ref struct Checker(string path)
    {
        private readonly string path = path;

        public void Check(EmittedManifest manifest)
        {
            Require(manifest.ManifestVersion == EmittedManifest.CurrentVersion, "manifest_version", "is not 1, the version this tool reads");
            Require(Identifier().IsMatch(manifest.Prefix), "prefix", "is not a C identifier");
            Require(manifest.Language is null or NanoEmission.Language, "language", "is neither absent nor nanoframework");
            Require((manifest.Language is null) == (manifest.Namespace is null), "namespace", "goes with nanoframework alone");
            Require(manifest.Native is null || (manifest.Language is not null && manifest.Native == InteropEmitter.Folder), "native", "is no folder of C beside C#");
            Require(manifest.Namespace is null || NanoOptions.IsNamespace(manifest.Namespace), "namespace", "is no C# namespace");
            Require(RelativePath().IsMatch(manifest.Header), "header", "is not a plain relative path");
            CheckFiles(manifest);
            CheckPort(manifest.Input, "input");
            CheckPort(manifest.Output, "output");
            CheckSize(manifest.ArenaBytes, "arena_bytes");
            Require((manifest.Language is null) == (manifest.HeapBytes is null), "heap_bytes", "goes with nanoframework alone");
            CheckSize(manifest.HeapBytes ?? 0, "heap_bytes");
            CheckSize(manifest.WeightBytes, "weight_bytes");
            CheckSize(manifest.AdapterBytes, "adapter_bytes");
            Require(manifest.Deltas is null or (> 0 and <= DeltaSupport.MostImages), "deltas", "is not 1 to 8");
            CheckAdapters(manifest.Adapters);
            CheckLayerOutputs(manifest);
            Require(Sha256().IsMatch(manifest.ModelSha256), "model_sha256", "is not 64 hexadecimal digits");
        }

        private void CheckFiles(EmittedManifest manifest)
        {
            string extension = manifest.Language is null ? ".c" : ".cs";
            Require(manifest.Sources.Length is > 0 and <= CountLimit, "sources", "names no file, or too many");
            foreach (string source in manifest.Sources)
            {
                Require(RelativePath().IsMatch(source) && source.EndsWith(extension, StringComparison.Ordinal), "sources", $"has an entry that is not a plain relative path of a {extension} file");
            }

            Require(manifest.Sources.Distinct(StringComparer.Ordinal).Count() == manifest.Sources.Length, "sources", "names a file twice");
            foreach (string file in manifest.OtherFiles)
            {
                Require(RelativePath().IsMatch(file), "other_files", "has an entry that is not a plain relative path");
            }

            foreach (string folder in manifest.IncludeDirs)
            {
                Require(folder == "." || RelativePath().IsMatch(folder), "include_dirs", "has an entry that is not a plain relative path");
            }

            foreach (string definition in manifest.CompileDefinitions)
            {
                Require(Definition().IsMatch(definition), "compile_definitions", "has an entry that is not NAME or NAME=VALUE");
            }
        }

        private void CheckPort(EmittedPort port, string key)
        {
            int elementBytes = port.Type switch { "int8" => 1, "float32" => 4, _ => 0 };
            Require(elementBytes != 0, key + ".type", "is neither int8 nor float32");
            long bytes = elementBytes;
            foreach (int dimension in port.Shape)
            {
                Require(dimension > 0, key + ".shape", "has a dimension that is not positive");
                bytes *= dimension;
                Require(bytes <= ByteLimit, key + ".shape", "is too large");
            }

            Require(bytes == port.Bytes, key + ".bytes", "is not the shape's element count times the element size");
            Require(port.Scale is null or (> 0 and < double.PositiveInfinity), key + ".scale", "is not a positive number");
            Require(port.ZeroPoint is null or (>= sbyte.MinValue and <= sbyte.MaxValue), key + ".zero_point", "is not an int8 value");
        }

        private void CheckSize(int bytes, string key) => Require(bytes is >= 0 and <= ByteLimit, key, "is negative or too large");

        private void CheckAdapters(EquatableArray<EmittedAdapter> adapters)
        {
            Require(adapters.Length > 0, "adapters", "lacks index 0, the base alone");
            for (int i = 0; i < adapters.Length; i++)
            {
                Require(adapters[i].Index == i, "adapters", "is not numbered 0, 1, 2, …");
            }
        }

        private void CheckLayerOutputs(EmittedManifest manifest)
        {
            EquatableArray<EmittedLayerOutput> outputs = manifest.LayerOutputs ?? [];
            Require(manifest.LayerOutputs is null || outputs.Length == manifest.Layers.Length, "layer_outputs", "has not one entry for each layer");
            foreach (EmittedLayerOutput output in outputs)
            {
                Require(output.Offset >= 0 && output.Bytes > 0 && output.Offset <= manifest.ArenaBytes - output.Bytes, "layer_outputs", "has an entry outside the arena");
            }
        }

        private void Require(bool condition, string key, string problem)
        {
            if (!condition)
            {
                throw new DiagnosticException(
                    "MCU1082", string.Create(CultureInfo.InvariantCulture, $"'{key}' {problem}."), path, "Compile the model again.");
            }
        }
    }
}
