using System.Collections.Concurrent;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation;

/// <summary>Programs that building and running firmware may need.</summary>
public enum ToolKind
{
    HostCompiler,
    ArmCompiler,
    ArmLibrary,
    Qemu,
    Clang,
    Renode,
    RiscvCompiler,
    RiscvLibrary,
    QemuRiscv,
    AvrCompiler,
    AvrLibrary,
    QemuAvr,
}

/// <summary>One tool as found on this machine.</summary>
/// <param name="Name">What a user calls it.</param>
/// <param name="Path">Full path; null when it is missing.</param>
/// <param name="Version">First line of its own version text; null when missing or unknown.</param>
/// <param name="Required">Whether a target of this tool cannot be used without it.</param>
/// <param name="HowToGet">What to do when it is missing.</param>
public sealed record ToolStatus(ToolKind Kind, string Name, string? Path, string? Version, bool Required, string HowToGet)
{
    public bool Found => Path is not null;
}

/// <summary>Finds tools on the search path and asks them for their version; remembers what it found.</summary>
public sealed class ToolProbe
{
    private readonly ConcurrentDictionary<ToolKind, Lazy<Task<ToolStatus>>> found = new();
    private readonly string searchPath;
    private readonly string? renode;

    public ToolProbe()
        : this(Environment.GetEnvironmentVariable("PATH") ?? "", Environment.GetEnvironmentVariable("RENODE"))
    {
    }

    /// <param name="searchPath">Folders as in <c>PATH</c>.</param>
    /// <param name="renode">Where Renode is when it is not on the search path.</param>
    public ToolProbe(string searchPath, string? renode = null)
    {
        this.searchPath = searchPath;
        this.renode = renode;
    }

    /// <summary>What building for a target and running it needs: on the host, in QEMU where that has a machine for it, else in Renode.</summary>
    public static IReadOnlyList<ToolKind> KindsFor(TargetDescription target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return KindsFor(target, inRenode: target.Qemu is null);
    }

    /// <summary>What building for a target and running it on the host, in QEMU or in Renode needs.</summary>
    public static IReadOnlyList<ToolKind> KindsFor(TargetDescription target, bool inRenode)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.Toolchain switch
        {
            ToolchainKind.HostCc => [ToolKind.HostCompiler],
            ToolchainKind.RiscvElfGcc => [ToolKind.RiscvCompiler, ToolKind.RiscvLibrary, .. Emulator(ToolKind.QemuRiscv)],
            ToolchainKind.AvrGcc => [ToolKind.AvrCompiler, ToolKind.AvrLibrary, .. Emulator(ToolKind.QemuAvr)],
            _ => [ToolKind.ArmCompiler, ToolKind.ArmLibrary, .. Emulator(ToolKind.Qemu)],
        };

        // The host's compiler builds QEMU's plugins.
        ToolKind[] Emulator(ToolKind qemu) => inRenode ? [ToolKind.Renode] : [qemu, ToolKind.HostCompiler];
    }

    /// <summary>All tools, found or not, in a fixed order.</summary>
    public async Task<IReadOnlyList<ToolStatus>> ProbeAllAsync(CancellationToken cancellation = default) =>
        await Task.WhenAll(Enum.GetValues<ToolKind>().Select(kind => ProbeAsync(kind, cancellation)));

    /// <summary>One tool, found or not.</summary>
    public Task<ToolStatus> ProbeAsync(ToolKind kind, CancellationToken cancellation = default) =>
        found.GetOrAdd(kind, key => new Lazy<Task<ToolStatus>>(() => FindAsync(ToolEntry.Of(key)))).Value.WaitAsync(cancellation);

    /// <summary>A tool that must be there, or MCU1001 to MCU1016 with the way to get it.</summary>
    public async Task<ToolStatus> RequireAsync(ToolKind kind, CancellationToken cancellation = default)
    {
        ToolStatus status = await ProbeAsync(kind, cancellation);
        return status.Found
            ? status
            : throw new DiagnosticException(ToolEntry.Of(kind).Code, $"{status.Name} is not installed.", hint: status.HowToGet);
    }

    private async Task<ToolStatus> FindAsync(ToolEntry entry)
    {
        if (entry.Kind is ToolKind.ArmLibrary or ToolKind.RiscvLibrary or ToolKind.AvrLibrary)
        {
            return await FindLibraryAsync(entry);
        }

        string? path = entry.Kind == ToolKind.Renode && renode is { Length: > 0 } ? ExistingRenode(renode) : null;
        path ??= entry.Programs.Select(Locate).FirstOrDefault(located => located is not null);
        string? version = path is null ? null : await VersionAsync(path);
        return new ToolStatus(entry.Kind, entry.Name, path, version, entry.Required, entry.HowToGet);
    }

    /// <summary>The compiler names the library's full path, or gives the bare name back when there is none.</summary>
    private async Task<ToolStatus> FindLibraryAsync(ToolEntry entry)
    {
        (string name, ToolKind kind) = entry.Kind switch
        {
            ToolKind.ArmLibrary => ("libc.a", ToolKind.ArmCompiler),
            ToolKind.AvrLibrary => ("libc.a", ToolKind.AvrCompiler),
            _ => ("picolibc.specs", ToolKind.RiscvCompiler),
        };
        ToolStatus compiler = await ProbeAsync(kind);
        ProcessOutcome? answer = compiler.Path is null
            ? null
            : await ProcessRunner.RunAsync(new ProcessRequest(compiler.Path, ["-print-file-name=" + name]), CancellationToken.None);
        string path = answer?.StandardOutput.Trim() ?? "";
        bool there = Path.IsPathRooted(path) && File.Exists(path);
        return new ToolStatus(entry.Kind, entry.Name, there ? Path.GetFullPath(path) : null, null, entry.Required, entry.HowToGet);
    }

    private static string? ExistingRenode(string configured)
    {
        string inFolder = Path.Combine(configured, "renode");
        return File.Exists(configured) ? configured : File.Exists(inFolder) ? inFolder : null;
    }

    private string? Locate(string program)
    {
        foreach (string folder in searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string path = Path.Combine(folder, program);
            if (Path.IsPathRooted(path) && File.Exists(path) && IsExecutable(path))
            {
                return path;
            }
        }

        return null;
    }

    private static bool IsExecutable(string path) =>
        OperatingSystem.IsWindows()
        || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static async Task<string?> VersionAsync(string path)
    {
        var request = new ProcessRequest(path, ["--version"]) { Timeout = TimeSpan.FromSeconds(30) };
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, CancellationToken.None);
        string line = (outcome?.StandardOutput ?? "").Split('\n')[0].Trim();
        return line.Length == 0 ? null : line;
    }
}
