using System.Text;
using Google.FlatBuffers;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>A stretch of the file.</summary>
internal readonly record struct ByteRange(int Start, int Length);

/// <summary>
/// A FlatBuffers file of unknown origin. Every offset and length is checked against the file before it is followed
/// (MCU0202), and whatever is decoded is charged to a budget first (MCU0203), because one table or vector may be
/// referenced any number of times. Layout: flatbuffers.dev, "FlatBuffer internals".
/// </summary>
internal sealed class FlatFile(byte[] file, string name, long budget)
{
    private const string DamagedHint = "The file is damaged or incomplete: copy or export it again.";

    private readonly ByteBuffer bytes = new(file);
    private long budget = budget;

    public string Name { get; } = name;

    public int Length => file.Length;

    public FlatTable Root() => TableAt(Follow(0));

    /// <summary>Announces that <paramref name="amount"/> bytes of memory are about to be taken.</summary>
    public void Charge(long amount)
    {
        budget -= amount;
        if (budget < 0)
        {
            throw new DiagnosticException("MCU0203", "The file expands to more memory than is accepted.", Name, "A network of this size does not fit a microcontroller.");
        }
    }

    public ReadOnlySpan<byte> Bytes(ByteRange range) => file.AsSpan(range.Start, range.Length);

    public byte Byte(int at) => bytes.Get(Checked(at, 1));

    public ushort UShort(int at) => bytes.GetUshort(Checked(at, 2));

    public int Int(int at) => bytes.GetInt(Checked(at, 4));

    public uint UInt(int at) => bytes.GetUint(Checked(at, 4));

    public float Float(int at) => bytes.GetFloat(Checked(at, 4));

    public long Long(int at) => bytes.GetLong(Checked(at, 8));

    /// <summary>The position that the offset stored at <paramref name="at"/> leads to.</summary>
    public int Follow(int at)
    {
        long target = at + (long)UInt(at);
        return target > at && target <= Length - 4 ? (int)target : throw Damaged($"the offset at byte {at} leads to byte {target}");
    }

    /// <summary>Reads the table header at a position.</summary>
    public FlatTable TableAt(int at)
    {
        long vtable = at - (long)Int(at);
        if (vtable < 0 || vtable > Length - 4)
        {
            throw Damaged($"the table at byte {at} has its field list at byte {vtable}");
        }

        int slots = UShort((int)vtable);
        int size = UShort((int)vtable + 2);
        return slots >= 4 && slots % 2 == 0 && vtable + slots <= Length && size >= 4 && (long)at + size <= Length
            ? new FlatTable(this, at, (int)vtable, slots, size)
            : throw Damaged($"the table at byte {at} does not lie inside the file");
    }

    /// <summary>The elements of the vector that starts at <paramref name="at"/> with its length.</summary>
    public ByteRange VectorAt(int at, int elementSize)
    {
        long length = UInt(at) * (long)elementSize;
        return at + 4L + length <= Length
            ? new ByteRange(at + 4, (int)length)
            : throw Damaged($"the list at byte {at} has {UInt(at)} elements of {elementSize} bytes");
    }

    /// <summary>Text as UTF-8; invalid bytes become replacement characters.</summary>
    public string Text(ByteRange range)
    {
        Charge(64 + (2L * range.Length));
        return Encoding.UTF8.GetString(Bytes(range));
    }

    public DiagnosticException Damaged(string what) => new("MCU0202", $"Not a valid FlatBuffers file: {what}.", Name, DamagedHint);

    private int Checked(int at, int size) =>
        at >= 0 && at <= Length - size ? at : throw Damaged($"a value of {size} bytes at byte {at} is outside its {Length} bytes");
}

/// <summary>One table of a <see cref="FlatFile"/>; an absent field reads as its default.</summary>
internal readonly struct FlatTable(FlatFile file, int position, int vtable, int slots, int size)
{
    private const int FirstSlot = 4;

    /// <summary>How many fields the writer of the table knew.</summary>
    public int FieldCount => (slots - FirstSlot) / 2;

    public bool Has(int field) => Locate(field, 1) != 0;

    public byte Byte(int field) => Locate(field, 1) is > 0 and int at ? file.Byte(at) : (byte)0;

    public bool Bool(int field) => Byte(field) != 0;

    public int Int(int field, int absent = 0) => Locate(field, 4) is > 0 and int at ? file.Int(at) : absent;

    public uint UInt(int field) => Locate(field, 4) is > 0 and int at ? file.UInt(at) : 0;

    public float Float(int field) => Locate(field, 4) is > 0 and int at ? file.Float(at) : 0;

    /// <summary>A 64-bit unsigned field; values above the signed range read as negative.</summary>
    public long Long(int field) => Locate(field, 8) is > 0 and int at ? file.Long(at) : 0;

    public FlatTable? Table(int field) => Locate(field, 4) is > 0 and int at ? file.TableAt(file.Follow(at)) : null;

    public string Text(int field) => file.Text(Vector(field, 1));

    /// <summary>A vector's bytes, without copying; empty when absent.</summary>
    public ByteRange Vector(int field, int elementSize) =>
        Locate(field, 4) is > 0 and int at ? file.VectorAt(file.Follow(at), elementSize) : default;

    public int[] Ints(int field)
    {
        FlatFile source = file;
        return Elements(field, 4, source.Int);
    }

    public float[] Floats(int field)
    {
        FlatFile source = file;
        return Elements(field, 4, source.Float);
    }

    public long[] Longs(int field)
    {
        FlatFile source = file;
        return Elements(field, 8, source.Long);
    }

    /// <summary>A vector of tables; more than <paramref name="limit"/> are refused (MCU0206).</summary>
    public FlatTable[] Tables(int field, int limit, string what)
    {
        FlatFile source = file;
        int count = Vector(field, 4).Length / 4;
        return count <= limit
            ? Elements(field, 4, at => source.TableAt(source.Follow(at)))
            : throw new DiagnosticException("MCU0206", $"The file has {count} {what}; at most {limit} are accepted.", file.Name);
    }

    private T[] Elements<T>(int field, int elementSize, Func<int, T> read)
    {
        ByteRange range = Vector(field, elementSize);
        file.Charge(32 + (8L * range.Length / elementSize));
        var items = new T[range.Length / elementSize];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = read(range.Start + (i * elementSize));
        }

        return items;
    }

    /// <summary>Position of a field's value, or 0 when the table does not hold it.</summary>
    private int Locate(int field, int valueSize)
    {
        int slot = FirstSlot + (2 * field);
        int offset = slot + 2 <= slots ? file.UShort(vtable + slot) : 0;
        if (offset == 0)
        {
            return 0;
        }

        return offset >= 4 && offset + valueSize <= size
            ? position + offset
            : throw file.Damaged($"field {field} of the table at byte {position} lies outside the table");
    }
}
