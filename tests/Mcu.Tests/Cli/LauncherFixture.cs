namespace Mcu.Tests.Cli;

/// <summary>
/// A copy of the launcher in a small checkout of its own, on a search path that holds nothing but the utilities it may use
/// and the stand-ins that a test puts there. Each stand-in writes its arguments to a log.
/// </summary>
public sealed class LauncherFixture : IDisposable
{
    private static readonly string[] Utilities =
    [
        "sh", "cat", "cksum", "cut", "dirname", "env", "find", "flock", "grep", "head", "ls", "mkdir", "mv", "readlink", "rm", "rmdir", "sed",
        "sleep", "sort", "tail", "touch", "tr", "chmod", "cp",
    ];

    private const string WorkingDotnet = """
        if [ "$1" = --list-sdks ]; then echo "10.0.100 [/sdk]"; exit 0; fi
        if [ "$1" = build ]; then mkdir -p generator/Mcu.Tool/bin/Release/net10.0; touch generator/Mcu.Tool/bin/Release/net10.0/mcu.dll; exit 0; fi
        shift
        for argument in "$@"; do printf '<%s>\n' "$argument"; done
        """;

    public LauncherFixture()
    {
        Root = Directory.CreateTempSubdirectory("mcu launcher ").FullName;
        Bin = Directory.CreateDirectory(Path.Combine(Root, "bin")).FullName;
        Spare = Directory.CreateDirectory(Path.Combine(Root, "spare")).FullName;
        Checkout = Directory.CreateDirectory(Path.Combine(Root, "check out")).FullName;
        foreach (string utility in Utilities)
        {
            string? path = ((string[])["/usr/bin", "/bin"]).Select(folder => Path.Combine(folder, utility)).FirstOrDefault(File.Exists);
            if (path is not null)
            {
                File.CreateSymbolicLink(Path.Combine(Bin, utility), path);
            }
        }

        File.Copy(TestData.Repo("mcu"), Path.Combine(Checkout, "mcu"));
        Write("generator/Mcu.Tool/Program.cs", "return 0;");
        Write("targets/host/target.json", "{}");
        Put(Bin, "dotnet", WorkingDotnet);
        Put(Bin, "id", "echo 0");
    }

    public string Root { get; }

    /// <summary>Everything the launcher can call.</summary>
    public string Bin { get; }

    /// <summary>Stand-ins of tools that a package manager may install.</summary>
    public string Spare { get; }

    public string Checkout { get; }

    private string LogPath => Path.Combine(Root, "log");

    /// <summary>One line per call of a stand-in.</summary>
    public string[] Log => File.Exists(LogPath) ? File.ReadAllLines(LogPath) : [];

    public int Builds => Log.Count(line => line.StartsWith("dotnet build ", StringComparison.Ordinal));

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public void Write(string file, string text)
    {
        string path = Path.Combine(Checkout, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Puts a stand-in on the search path, or elsewhere, that logs its call and then runs the script.</summary>
    public void Put(string folder, string name, string script)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\necho \"{name} $*\" >>'{LogPath}'\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Remove(string name) => File.Delete(Path.Combine(Bin, name));

    /// <summary>Every tool that the demo and the tests need.</summary>
    public void PutTools(string folder)
    {
        Put(folder, "gcc", "exit 0");
        Put(folder, "arm-none-eabi-gcc", "echo /lib/libc.a");
        Put(folder, "qemu-system-arm", "exit 0");
        Put(folder, "riscv64-unknown-elf-gcc", "echo /lib/picolibc.specs");
        Put(folder, "qemu-system-riscv32", "exit 0");
        Put(folder, "avr-gcc", "echo /lib/libc.a");
        Put(folder, "qemu-system-avr", "exit 0");
        Put(folder, "g++", "exit 0");
        Put(folder, "cmake", "exit 0");
        Put(folder, "make", "exit 0");
        Put(folder, "cppcheck", "exit 0");
        Put(folder, "clang", $"echo '{Root}/clang'");
        Directory.CreateDirectory(Path.Combine(Root, "clang"));
        File.WriteAllText(Path.Combine(Root, "clang", "libclang_rt.asan.a"), "");
    }

    public ToolRun Run(params string[] arguments) => RunAs(Path.Combine(Checkout, "mcu"), arguments);

    public ToolRun RunAs(string launcher, params string[] arguments)
    {
        using RunningTool tool = Start(launcher, arguments);
        return tool.Wait();
    }

    public RunningTool Start(string launcher, params string[] arguments)
    {
        var environment = new Dictionary<string, string?> { ["PATH"] = Bin, ["HOME"] = Root, ["DOTNET_ROOT"] = null };
        return new RunningTool("/bin/sh", [launcher, .. arguments], environment, Root);
    }
}
