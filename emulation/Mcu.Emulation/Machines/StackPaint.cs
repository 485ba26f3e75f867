using System.Buffers.Binary;

namespace Mcu.Emulation.Machines;

/// <summary>A stack filled with a pattern, to see later how deep it was written.</summary>
internal static class StackPaint
{
    private const uint Pattern = 0xC5A33A5C;

    public static (ulong Bottom, int Bytes)? Range(FirmwareSymbols symbols) =>
        symbols.Find("__stack_limit") is { } bottom && symbols.Find("__stack_top") is { } top && top > bottom ? (bottom, (int)(top - bottom)) : null;

    public static byte[] Paint(int bytes)
    {
        byte[] paint = new byte[bytes];
        for (int at = 0; at + 4 <= bytes; at += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(paint.AsSpan(at), Pattern);
        }

        return paint;
    }

    /// <summary>Bytes from the deepest written word to the top.</summary>
    public static int Used(ReadOnlySpan<byte> stack)
    {
        int at = 0;
        while (at + 4 <= stack.Length && BinaryPrimitives.ReadUInt32LittleEndian(stack[at..]) == Pattern)
        {
            at += 4;
        }

        return stack.Length - at;
    }
}
