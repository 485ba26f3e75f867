using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Mcu.Generator.Graphs;

/// <summary>Writes an <see cref="EquatableArray{T}"/> as a JSON array; the context must know <c>T[]</c>.</summary>
public sealed class EquatableArrayConverter<T> : JsonConverter<EquatableArray<T>>
{
    public override EquatableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        T[] items = JsonSerializer.Deserialize(ref reader, ArrayInfo(options)) ?? throw new JsonException("null is not an array");
        return Array.TrueForAll(items, item => item is not null)
            ? EquatableArray.Wrap(items)
            : throw new JsonException("an array holds null");
    }

    public override void Write(Utf8JsonWriter writer, EquatableArray<T> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.ToArray(), ArrayInfo(options));

    private static JsonTypeInfo<T[]> ArrayInfo(JsonSerializerOptions options) =>
        (JsonTypeInfo<T[]>)options.GetTypeInfo(typeof(T[]));
}
