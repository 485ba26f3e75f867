using System.IO.MemoryMappedFiles;

namespace Mcu.Emulation.Qemu;

/// <summary>The memory that the plugin <c>machine.c</c> shares: how much was executed, and where to hold.</summary>
internal sealed class MachineCounter : IDisposable
{
    private const int Bytes = 24;
    private const int StopAt = 8;
    private const int HeldFlag = 16;

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

    public void HoldAt(long count) => view.Write(StopAt, count);

    public void Release() => view.Write(StopAt, -1L);

    public void SetExecuted(long count) => view.Write(0, count);

    public void Dispose()
    {
        view.Dispose();
        file.Dispose();
    }
}
