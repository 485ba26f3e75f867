using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;

namespace Mcu.Tests.Cli;

public sealed class AtomicOutputTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_new_folder_appears_whole_at_the_commit_and_not_before()
    {
        string target = Path.Combine(root, "a", "out");
        using (AtomicFolder folder = AtomicFolder.Create(target))
        {
            Put(folder.WorkPath, "kernels/k.c", "int k;");
            Assert.False(Directory.Exists(target));
            folder.Commit();
        }

        Assert.Equal(["kernels/k.c"], Files(target));
        Assert.Equal(["a/out/kernels/k.c"], Files(root));
    }

    [Fact]
    public async Task A_pipe_is_refused_and_stays_a_pipe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs mkfifo");
        string pipe = Path.Combine(root, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("MCU0110", Assert.Throws<DiagnosticException>(() => AtomicFile.Write(pipe, "text")).Diagnostic.Code);
        Assert.Equal("MCU0110", Assert.Throws<DiagnosticException>(() => AtomicFile.Write("/dev/null", "text")).Diagnostic.Code);
        using var check = System.Diagnostics.Process.Start("test", ["-p", pipe]);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, check.ExitCode);
    }

    [Fact]
    public void A_link_is_followed()
    {
        string file = Path.Combine(root, "real");
        string link = Path.Combine(root, "link");
        File.WriteAllText(file, "old");
        File.CreateSymbolicLink(link, file);
        AtomicFile.Write(link, "new");
        Assert.Equal("new", File.ReadAllText(file));
        Assert.Equal(file, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void Without_a_commit_nothing_is_left()
    {
        string target = Path.Combine(root, "out");
        using (AtomicFolder folder = AtomicFolder.Create(target))
        {
            Put(folder.WorkPath, "x.c", "");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(root));
    }

    [Fact]
    public void An_earlier_output_is_replaced_its_stale_sources_go_and_the_users_own_files_stay()
    {
        string target = Path.Combine(root, "out");
        Commit(target, ("old.c", "1"), ("net.h", ""), ("mcu.json", Manifest("old.c")));
        Put(target, "build/mine.o", "mine");
        Commit(target + "/", ("new.c", "2"), ("net.h", ""), ("mcu.json", Manifest("new.c")));
        Assert.Equal(["build/mine.o", "mcu.json", "net.h", "new.c"], Files(target));
        Assert.Equal(Manifest("new.c"), File.ReadAllText(Path.Combine(target, "mcu.json")));
    }

    [Fact]
    public void A_folder_of_the_user_is_refused_and_untouched()
    {
        string target = Path.Combine(root, "home");
        Put(target, "letter.txt", "dear");
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => AtomicFolder.Create(target));
        Assert.Equal("MCU0111", error.Diagnostic.Code);
        Assert.Equal(["home/letter.txt"], Files(root));
    }

    [Fact]
    public void An_empty_folder_is_used_as_it_is()
    {
        string target = Directory.CreateDirectory(Path.Combine(root, "empty")).FullName;
        Commit(target, ("a.c", "1"));
        Assert.Equal(["empty/a.c"], Files(root));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/below")]
    [InlineData("/proc/nothing/here")]
    public void A_place_that_cannot_be_a_folder_is_a_diagnostic(string place)
    {
        Put(root, "file", "");
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => AtomicFolder.Create(Path.Combine(root, place)));
        Assert.Equal("MCU0110", error.Diagnostic.Code);
    }

    [Fact]
    public void A_file_is_written_whole_over_an_old_one_and_leaves_no_temporary()
    {
        string file = Path.Combine(root, "sub", "out.bin");
        AtomicFile.Write(file, [1, 2, 3]);
        AtomicFile.Write(file, [4]);
        Assert.Equal([4], File.ReadAllBytes(file));
        Assert.Equal(["sub/out.bin"], Files(root));
    }

    [Theory]
    [InlineData("")]
    [InlineData("file/below")]
    [InlineData("/dev/full/x")]
    public void A_file_that_cannot_be_written_is_a_diagnostic(string place)
    {
        Put(root, "file", "");
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => AtomicFile.Write(Path.Combine(root, place), "x"));
        Assert.Equal("MCU0110", error.Diagnostic.Code);
        Assert.Equal(["file"], Files(root));
    }

    private static string Manifest(string source) => $$"""
        {
          "manifest_version": 1, "name": "net", "prefix": "net", "tool_version": "0", "target": "host", "header": "net.h",
          "sources": ["{{source}}"], "include_dirs": ["."], "compile_definitions": [],
          "input": { "type": "int8", "shape": [1], "bytes": 1 }, "output": { "type": "int8", "shape": [1], "bytes": 1 },
          "arena_bytes": 2, "weight_bytes": 0, "adapter_bytes": 0, "adapters": [{ "index": 0, "name": "none" }],
          "model_sha256": "{{new string('0', 64)}}", "layers": []
        }
        """;

    private static void Commit(string target, params (string Name, string Text)[] files)
    {
        using AtomicFolder folder = AtomicFolder.Create(target);
        foreach ((string name, string text) in files)
        {
            Put(folder.WorkPath, name, text);
        }

        folder.Commit();
    }

    private static void Put(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal);
}
