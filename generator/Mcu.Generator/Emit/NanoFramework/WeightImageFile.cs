using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>A weight image (docs/NANOFRAMEWORK.md), and what its class compares one with: length, hash of the content, and CRC-32.</summary>
internal sealed class WeightImageFile
{
    private const int HeaderBytes = 32;
    private const int IdentityBytes = 16;

    private readonly byte[] bytes;

    private WeightImageFile(ReadOnlySpan<byte> identity, byte[] arrays)
    {
        bytes = new byte[HeaderBytes + arrays.Length];
        "MCUW"u8.CopyTo(bytes);
        bytes[4] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), arrays.Length);
        identity.CopyTo(bytes.AsSpan(HeaderBytes - IdentityBytes));
        arrays.CopyTo(bytes.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32.HashToUInt32(bytes.AsSpan(16)));
    }

    /// <summary>Bytes of the arrays.</summary>
    public int Length => bytes.Length - HeaderBytes;

    /// <summary>CRC-32 of identity and arrays, as C# has it.</summary>
    public int Crc => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));

    /// <summary>The identity's bytes as literals.</summary>
    public string Identity => string.Join(", ", bytes[(HeaderBytes - IdentityBytes)..HeaderBytes].Select(b => b.ToString(CultureInfo.InvariantCulture)));

    /// <param name="program">Whose base and adapters it is.</param>
    /// <param name="variables">The class's, with every number and place in the image that its code has.</param>
    /// <param name="arrays">The image's.</param>
    public static WeightImageFile Of(NanoProgram program, IReadOnlyDictionary<string, object?> variables, byte[] arrays)
    {
        var text = new StringBuilder("mcu-weights 2\n").Append(program.Source.Model.Graph.Source.Sha256).Append('\n');
        foreach (Int8Adapter adapter in program.Source.Model.Adapters)
        {
            text.Append(adapter.Sha256).Append('\n');
        }

        foreach (NanoPortText port in new[] { "input", "output" }.Select(p => (NanoPortText)variables[p]!))
        {
            text.Append(CultureInfo.InvariantCulture, $"{port.Shape} {port.Scale} {port.ZeroPoint} {port.Offset}\n");
        }

        text.AppendJoin('\n', ((IEnumerable<NanoCallText>)variables["steps"]!).Select(s => s.Call)).Append('\n');
        IEnumerable<NanoLinearText> layers = ((IEnumerable<NanoLinearText>)variables["layers"]!).Concat(((IEnumerable<NanoAdapterText>)variables["adapters"]!).SelectMany(a => a.Layers));
        text.AppendJoin('\n', layers.SelectMany(l => l.Statements)).Append('\n');
        text.AppendJoin('\n', ((IEnumerable<NanoTableGroup>)variables["tables"]!).SelectMany(t => t.Expressions)).Append('\n');
        byte[] content = [.. Encoding.UTF8.GetBytes(text.ToString()), .. arrays];
        return new WeightImageFile(SHA256.HashData(content).AsSpan(0, IdentityBytes), arrays);
    }

    public byte[] ToBytes() => bytes;
}
