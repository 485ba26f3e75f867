using System.Diagnostics;

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

    /// <summary>How to start a program so that it ends with this one; as it is where that cannot be.</summary>
    public static (string File, IEnumerable<string> Arguments) Command(ProcessRequest request) =>
        File.Exists(Shell) && CanExecute(request.File) ? (Shell, ["-c", Script, request.File, .. request.Arguments]) : (request.File, request.Arguments);

    /// <summary>Lets the watcher of a program that has ended go.</summary>
    public static void Release(Process process)
    {
        try
        {
            process.StandardInput.Write('\n');
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has gone with the program.
        }
    }

    /// <summary>A shell would find a missing program out too late to say so.</summary>
    private static bool CanExecute(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
