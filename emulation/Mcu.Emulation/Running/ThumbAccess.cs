namespace Mcu.Emulation.Running;

/// <summary>The access of a 16-bit Thumb load or store (Armv6-M Architecture Reference Manual, A5.2.4), for cores that do not record what they faulted at.</summary>
internal static class ThumbAccess
{
    private static readonly int[] SizesByRegister = [4, 2, 1, 1, 4, 2, 1, 2];

    /// <summary>Address and bytes of the access; null for another instruction, and where a register is not known.</summary>
    /// <param name="register">Values of r0 to r7 as far as they are known.</param>
    public static (uint Address, int Bytes)? Of(ushort code, Func<int, uint?> register)
    {
        int immediate = (code >> 6) & 31;
        return (code >> 12) switch
        {
            0b0101 => At((code >> 3) & 7, register((code >> 6) & 7), SizesByRegister[(code >> 9) & 7]),
            0b0110 => At((code >> 3) & 7, (uint)(4 * immediate), 4),
            0b0111 => At((code >> 3) & 7, (uint)immediate, 1),
            0b1000 => At((code >> 3) & 7, (uint)(2 * immediate), 2),
            0b1100 => At((code >> 8) & 7, 0, 4),
            _ => null,
        };

        (uint, int)? At(int number, uint? offset, int bytes) => register(number) is { } start && offset is { } more ? (unchecked(start + more), bytes) : null;
    }
}
