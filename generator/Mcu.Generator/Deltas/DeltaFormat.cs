namespace Mcu.Generator.Deltas;

/// <summary>Sections of a record, as its first byte says.</summary>
[Flags]
public enum DeltaSections
{
    None = 0,
    Bias = 1,
    Requant = 2,
    Weights = 4,
    Lora = 8,
    Sparse = 16,
    More = 128,
}

/// <summary>Numbers of the delta image format, version 1 (docs/DELTA-FORMAT.md).</summary>
public static class DeltaFormat
{
    public const byte Version = 1;
    public const int HeaderBytes = 64;
    public const int SelfTestBytes = 8;
    public const int RecordHeaderBytes = 4;
    public const int TrailerHeaderBytes = 4;

    /// <summary>The directory's entries are u16 counts of words.</summary>
    public const int MaxBodyBytes = ushort.MaxValue * 4;

    /// <summary>Largest file: a body, and a trailer whose length is a u16.</summary>
    public const int MaxFileBytes = MaxBodyBytes + TrailerHeaderBytes + ushort.MaxValue + 1;

    /// <summary>Rank is a u8.</summary>
    public const int MaxRank = byte.MaxValue;

    /// <summary>Bytes of differences are a u16, two to a pair.</summary>
    public const int MaxSparseBytes = ushort.MaxValue - 1;

    /// <summary>Shifts to the right of the multipliers; those of fast layers are 1 to <see cref="MaxFastShift"/>.</summary>
    public const int MaxShift = 31;
    public const int MaxFastShift = 22;

    /// <summary>Every accumulator of a fast layer stays below this.</summary>
    public const long FastLimit = 1L << 30;

    /// <summary>Every other accumulator stays below this, which leaves room for the output's zero point.</summary>
    public const long Limit = (1L << 31) - 256;

    public static ReadOnlySpan<byte> Magic => "MCUD"u8;

    public static ReadOnlySpan<byte> TrailerMagic => "SG"u8;

    /// <summary>Up to the next multiple of 4.</summary>
    public static int Align(int bytes) => (bytes + 3) & ~3;
}
