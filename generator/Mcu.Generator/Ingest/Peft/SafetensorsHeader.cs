using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>One entry of a safetensors header, checked by itself: <c>[Begin, End)</c> are bytes from the end of the header.</summary>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, Shape Shape, long Begin, long End)
{
    /// <summary>Bytes per element.</summary>
    public static int SizeOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 or SafetensorsType.I32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I8 => 1,
        _ => 8,
    };
}

/// <summary>
/// The JSON header of a safetensors file (format description in the README of huggingface/safetensors): entries that
/// cover the byte buffer from its first to its last byte without overlap or gap.
/// </summary>
internal sealed class SafetensorsHeader(string location)
{
    /// <summary>Larger headers are refused; one of 100,000 tensors is smaller.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private const string MetadataKey = "__metadata__";

    /// <summary>Entries in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Read(ReadOnlyMemory<byte> json, long bufferLength)
    {
        if (json.Length == 0 || json.Span[0] != (byte)'{')
        {
            throw Error("MCU0410", "The header does not begin with '{'; the file is not in safetensors format.");
        }

        JsonElement root = StrictJson.ParseObject(json, "MCU0403", $"{location}: header");
        List<SafetensorsEntry> entries = [];
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name == MetadataKey)
            {
                CheckMetadata(property.Value);
            }
            else
            {
                entries.Add(Entry(property.Name, property.Value));
            }
        }

        entries = [.. entries.OrderBy(e => e.Begin).ThenBy(e => e.End)];
        CheckCover(entries, bufferLength);
        return entries;
    }

    private void CheckMetadata(JsonElement value)
    {
        bool strings = value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String);
        if (!strings)
        {
            throw Error("MCU0411", $"'{MetadataKey}' is not an object of texts.");
        }
    }

    private SafetensorsEntry Entry(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Error("MCU0411", $"The entry is {StrictJson.Kind(value)} instead of an object.", name);
        }

        string[] unknown = [.. value.EnumerateObject().Select(p => p.Name).Where(n => n is not ("dtype" or "shape" or "data_offsets"))];
        if (unknown.Length > 0)
        {
            throw Error("MCU0411", $"The entry has unknown members {Names.List(unknown)}.", name);
        }

        Shape shape = ShapeOf(name, Integers(name, value, "shape"));
        long[] offsets = Integers(name, value, "data_offsets");
        if (offsets.Length != 2)
        {
            throw Error("MCU0411", $"'data_offsets' has {offsets.Length} numbers instead of 2.", name);
        }

        return Sized(new SafetensorsEntry(name, TypeOf(name, value), shape, offsets[0], offsets[1]));
    }

    private SafetensorsType TypeOf(string name, JsonElement value)
    {
        if (!value.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String)
        {
            throw Error("MCU0411", "'dtype' is missing or not a text.", name);
        }

        string text = type.GetString()!;
        return text switch
        {
            "F32" => SafetensorsType.F32,
            "F16" => SafetensorsType.F16,
            "BF16" => SafetensorsType.BF16,
            "I8" => SafetensorsType.I8,
            "I32" => SafetensorsType.I32,
            "I64" => SafetensorsType.I64,
            _ => throw Error("MCU0412", $"Element type '{Names.Short(text)}' is not supported.", name, "Save the tensors as float32, float16 or bfloat16."),
        };
    }

    private long[] Integers(string name, JsonElement entry, string member)
    {
        if (!entry.TryGetProperty(member, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw Error("MCU0411", $"'{member}' is missing or not a list.", name);
        }

        return [.. list.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) && number >= 0
                ? number
                : throw Error("MCU0411", $"'{member}' holds {StrictJson.Kind(item)}, which is not a whole number from 0 to 2^63-1.", name))];
    }

    private Shape ShapeOf(string name, long[] dims)
    {
        if (dims.Length > 32 || dims.Any(d => d > int.MaxValue))
        {
            throw Error("MCU0413", $"The shape {Names.Short("[" + string.Join("x", dims.Take(33)) + "]")} has more than 32 dimensions or one above 2^31-1.", name);
        }

        return new Shape(dims.Select(d => (int)d).ToArray());
    }

    private SafetensorsEntry Sized(SafetensorsEntry entry)
    {
        Int128 bytes = SafetensorsEntry.SizeOf(entry.Type);
        foreach (int dim in entry.Shape.Dims)
        {
            bytes *= dim;
            if (bytes > long.MaxValue)
            {
                throw Error("MCU0413", $"The shape {entry.Shape} has too many elements.", entry.Name);
            }
        }

        if (entry.End < entry.Begin || entry.End - entry.Begin != bytes)
        {
            throw Error("MCU0414", $"Bytes {entry.Begin} to {entry.End} do not hold {entry.Type} {entry.Shape}, which is {bytes} bytes.", entry.Name);
        }

        return entry;
    }

    private void CheckCover(List<SafetensorsEntry> entries, long bufferLength)
    {
        long position = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.End > bufferLength)
            {
                throw Error("MCU0414", $"Bytes {entry.Begin} to {entry.End} lie beyond the {bufferLength} bytes of the file; it is cut off or damaged.", entry.Name);
            }

            if (entry.Begin != position)
            {
                string what = entry.Begin < position ? "overlap another tensor" : $"leave a gap after byte {position}";
                throw Error("MCU0415", $"Bytes {entry.Begin} to {entry.End} {what}.", entry.Name);
            }

            position = entry.End;
        }

        if (position != bufferLength)
        {
            throw Error("MCU0415", $"{bufferLength - position} bytes at the file's end belong to no tensor.");
        }
    }

    private DiagnosticException Error(string code, string message, string? tensor = null, string hint = "") =>
        new(code, message, tensor is null ? location : $"{location}: tensor '{Names.Short(tensor)}'", hint);
}
