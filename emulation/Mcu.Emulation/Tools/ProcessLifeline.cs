using System.Diagnostics;
using System.Text;

namespace Mcu.Emulation.Tools;

/// <summary>
/// Ends a program when this one goes, also when this one is killed. Where there is a POSIX shell, the shell becomes the program, and a
/// child of it waits on the standard input, which only this program holds open: at its end the watcher kills the program and what
/// that has started. The program itself reads nothing.
/// </summary>
internal static class ProcessLifeline
{
    private const string Shell = "/bin/sh";

    /// <summary>
    /// A line says that nothing is to be ended any more. A process that is no longer the watcher's parent has ended, and its number may be
    /// another's; a system that cannot tell (no /proc) is believed. Stopped first, no process starts a child unseen.
    /// </summary>
    private const string Script =
        """
        end() {
            kill -STOP "$1"
            for child in $(cat /proc/"$1"/task/*/children); do
                [ "$child" = "$self" ] || end "$child"
            done
            kill -KILL "$1"
        }
        exec 3<&0 </dev/null
        (
            read -r line <&3 && exit
            read -r self name state parent rest </proc/self/stat || parent=$$
            [ "$parent" = $$ ] && end $$
        ) >/dev/null 2>&1 &
        exec 3<&-
        exec "$0" "$@"
        """;

    private const int HeadBytes = 256;

    /// <summary>Of ELF the class, byte order and version and the processor, of Mach-O the processor: what programs of one system have in common.</summary>
    private static readonly Range[] FormatBytes = [0..6, 18..20];

    private static readonly Lazy<byte[]> OwnHead = new(() => Head(Environment.ProcessPath ?? ""));

    /// <summary>How to start a program so that it ends with this one; as it is, without a watcher, where that cannot be.</summary>
    /// <remarks>A relative path is one from this program's folder, whatever the request's is.</remarks>
    public static (string File, IEnumerable<string> Arguments, bool IsWatched) Command(ProcessRequest request)
    {
        string file = File.Exists(request.File) ? Path.GetFullPath(request.File) : request.File;
        return File.Exists(Shell) && CanExecute(file) ? (Shell, ["-c", Script, file, .. request.Arguments], true) : (file, request.Arguments, false);
    }

    /// <summary>Lets the watcher of a program that has ended go; where there is none, nothing happens.</summary>
    public static void Release(Process process)
    {
        try
        {
            process.StandardInput.Write('\n');
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // It has gone with the program, or was closed at the start.
        }
    }

    /// <summary>
    /// Whether the system is sure to run a file: a shell would find out too late to say so, and would take what the system refuses for a script.
    /// Of a script the interpreter must be there, and a program must be made like this one; others may run as well, without a watcher.
    /// </summary>
    private static bool CanExecute(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path)
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
        {
            return false;
        }

        byte[] head = Head(path);
        return head.AsSpan().StartsWith("#!"u8)
            ? File.Exists(Encoding.UTF8.GetString(head.AsSpan(2)).Split(['\n', '\0'], 2)[0].Trim().Split([' ', '\t'], 2)[0])
            : FormatBytes.All(range => head[range].AsSpan().SequenceEqual(OwnHead.Value.AsSpan()[range]));
    }

    /// <summary>The first bytes of a file; zeros behind its end, and where it cannot be read.</summary>
    private static byte[] Head(string path)
    {
        byte[] head = new byte[HeadBytes];
        try
        {
            using FileStream file = File.OpenRead(path);
            file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The system says why when it is started.
        }

        return head;
    }
}
