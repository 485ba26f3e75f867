using System.IO.MemoryMappedFiles;

namespace Mcu.Emulation.Qemu;

/// <summary>The memory that the plugin <c>machine.c</c> shares: how much was executed, where to hold, and writes to watched ranges.</summary>
internal sealed class MachineCounter : IDisposable
{
    /// <summary>Ranges that can be watched.</summary>
    public const int MostWatches = 16;

    private const int StopAt = 8;
    private const int HeldFlag = 16;
    private const int Watches = 24;
    private const int WrittenFlag = 32;
    private const int Written = 40;
    private const int Ranges = 56;
    private const int RangeBytes = 16;
    private const int Bytes = Ranges + (MostWatches * RangeBytes);

    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;

    public MachineCounter(string path)
    {
        file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Bytes);
        view = file.CreateViewAccessor(0, Bytes);
        Release();
    }

    public long Executed => view.ReadInt64(0);

    public bool IsHeld => view.ReadInt64(HeldFlag) != 0;

    /// <summary>Place and size of the write behind which the processor is held until <see cref="GoOn"/>, or null.</summary>
    public (ulong Address, int Bytes)? Write => view.ReadInt64(WrittenFlag) == 0 ? null : (view.ReadUInt64(Written), view.ReadInt32(Written + 8));

    public void GoOn() => view.Write(WrittenFlag, 0L);

    /// <summary>Adds a range of addresses to the watched ones.</summary>
    public void Watch(ulong first, ulong end)
    {
        long count = view.ReadInt64(Watches);
        view.Write(Ranges + (count * RangeBytes), first);
        view.Write(Ranges + (count * RangeBytes) + 8, end);
        view.Write(Watches, count + 1);
    }

    public void HoldAt(long count) => view.Write(StopAt, count);

    public void Release() => view.Write(StopAt, -1L);

    public void SetExecuted(long count) => view.Write(0, count);

    public void Dispose()
    {
        view.Dispose();
        file.Dispose();
    }
}
