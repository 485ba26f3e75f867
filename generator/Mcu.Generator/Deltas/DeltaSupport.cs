namespace Mcu.Generator.Deltas;

/// <summary>What firmware can take of delta images.</summary>
/// <param name="Images">How many may be attached at once, 0 to <see cref="MostImages"/>; 0 emits nothing for them.</param>
/// <param name="Rank">Scratch memory of each layer for low-rank terms: rows of A of all attached images, 1 to <see cref="LargestRank"/>.</param>
public sealed record DeltaSupport(int Images, int Rank)
{
    public const int MostImages = 8;

    public const int LargestRank = 255;

    public const int UsualRank = 8;

    public const int MostCacheBytes = 1 << 30;

    /// <summary>RAM that the firmware's header names for merged layers, a multiple of 8; 0 emits no cache.</summary>
    public int CacheBytes { get; init; }

    public static DeltaSupport None { get; } = new(0, UsualRank);

    public bool IsOn => Images > 0;
}
