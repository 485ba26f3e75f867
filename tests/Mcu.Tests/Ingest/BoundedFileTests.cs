using System.Diagnostics;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;

namespace Mcu.Tests.Ingest;

public sealed class BoundedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mcu-bounded").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_file_is_read_whole()
    {
        string path = Path.Combine(folder, "a");
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Equal([1, 2, 3], BoundedFile.Read(path, 3, "MCU0120"));
    }

    [Fact]
    public void A_file_above_the_bound_is_refused()
    {
        string path = Path.Combine(folder, "a");
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Equal("MCU0120", Assert.Throws<DiagnosticException>(() => BoundedFile.Read(path, 2, "MCU0120")).Diagnostic.Code);
    }

    [Fact]
    public void An_empty_file_has_no_bytes()
    {
        string path = Path.Combine(folder, "a");
        File.WriteAllBytes(path, []);
        Assert.Empty(BoundedFile.Read(path, 9, "MCU0120"));
    }

    [Fact]
    public async Task A_pipe_that_nobody_writes_to_is_an_empty_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs mkfifo");
        string pipe = Path.Combine(folder, "pipe");
        using (Process made = Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Task<byte[]> read = Task.Run(() => BoundedFile.Read(pipe, 9, "MCU0120"), TestContext.Current.CancellationToken);
        Assert.Same(read, await Task.WhenAny(read, Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)));
        Assert.Empty(await read);
    }
}
