using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>
/// A file that says which layer each module of an adapter is: a JSON object from module names to node names or
/// initializer names.
/// </summary>
/// <param name="FileName">The file, for messages.</param>
/// <param name="Entries">Module to node or initializer, in file order.</param>
public sealed record AdapterMap(string FileName, EquatableArray<KeyValuePair<string, string>> Entries)
{
    private const long MaxBytes = 4 * 1024 * 1024;

    /// <summary>Reads the file; MCU0506 when it is no such object.</summary>
    public static AdapterMap Read(string path) => Parse(BoundedFile.Read(path, MaxBytes, "MCU0506"), path);

    /// <inheritdoc cref="Read"/>
    /// <param name="json">The file's contents.</param>
    /// <param name="fileName">The file's name, for messages.</param>
    public static AdapterMap Parse(ReadOnlyMemory<byte> json, string fileName)
    {
        JsonElement root = StrictJson.ParseObject(json, "MCU0506", fileName);
        return new AdapterMap(fileName, root.EnumerateObject().Select(p => Entry(p, fileName)).ToEquatableArray());
    }

    /// <summary>The layer named for a module, or null.</summary>
    public string? Find(string module) => Entries.FirstOrDefault(e => e.Key == module).Value;

    /// <summary>The map without the lines of some modules.</summary>
    public AdapterMap Without(IEnumerable<string> modules)
    {
        var left = modules.ToHashSet(StringComparer.Ordinal);
        return this with { Entries = Entries.Where(e => !left.Contains(e.Key)).ToEquatableArray() };
    }

    private static KeyValuePair<string, string> Entry(JsonProperty property, string fileName) =>
        property.Value.ValueKind == JsonValueKind.String
            ? KeyValuePair.Create(property.Name, property.Value.GetString()!)
            : throw new DiagnosticException("MCU0506", $"'{Names.Short(property.Name)}' is mapped to {StrictJson.Kind(property.Value)} instead of a node or initializer name.", fileName);
}
