using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Mcu.Tests.Ingest.Peft;

/// <summary>Writes safetensors files from the format's description, independently of the reader.</summary>
internal sealed class SafetensorsWriter
{
    private readonly List<(string Name, string Type, int[] Shape, byte[] Bytes)> tensors = [];

    public Dictionary<string, string>? Metadata { get; init; } = new() { ["format"] = "pt" };

    public SafetensorsWriter Add(string name, string type, int[] shape, IEnumerable<float> values)
    {
        tensors.Add((name, type, shape, [.. values.SelectMany(v => Encode(type, v))]));
        return this;
    }

    public byte[] ToBytes()
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (Metadata is not null)
            {
                json.WritePropertyName("__metadata__");
                JsonSerializer.Serialize(json, Metadata);
            }

            int position = 0;
            foreach ((string name, string type, int[] shape, byte[] bytes) in tensors)
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, new { dtype = type, shape, data_offsets = new[] { position, position + bytes.Length } });
                position += bytes.Length;
            }

            json.WriteEndObject();
        }

        // The data begins at a multiple of eight bytes.
        string text = Encoding.UTF8.GetString(header.ToArray());
        return WithHeader(text.PadRight((text.Length + 7) / 8 * 8), [.. tensors.SelectMany(t => t.Bytes)]);
    }

    /// <summary>A file with any header text and data.</summary>
    public static byte[] WithHeader(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data];
    }

    /// <summary>The value as stored and read back, computed bit by bit for the short types.</summary>
    public static float Rounded(string type, float value) => type switch
    {
        "F16" => (float)(Half)value,
        "BF16" => BitConverter.UInt32BitsToSingle((uint)BrainFloat(value) << 16),
        _ => value,
    };

    private static byte[] Encode(string type, float value)
    {
        var bytes = new byte[8];
        switch (type)
        {
            case "F32":
                BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
                return bytes[..4];
            case "F16":
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
                return bytes[..2];
            case "BF16":
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, BrainFloat(value));
                return bytes[..2];
            case "I8":
                return [(byte)(sbyte)value];
            case "I32":
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
                return bytes[..4];
            case "I64":
                BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value);
                return bytes;
            case "F64":
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                return bytes;
            default:
                throw new ArgumentException(type, nameof(type));
        }
    }

    /// <summary>Round to nearest, ties to even, as PyTorch converts float32 to bfloat16.</summary>
    private static ushort BrainFloat(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
