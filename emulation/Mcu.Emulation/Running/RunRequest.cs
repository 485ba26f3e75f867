using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;

namespace Mcu.Emulation.Running;

/// <summary>Checks of what a caller asks for, and the process that does it.</summary>
internal static class RunRequest
{
    /// <summary>Without a limit of the caller's, no sample may take longer than this.</summary>
    private static readonly TimeSpan SampleTimeout = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan LongestRun = TimeSpan.FromDays(2);

    /// <summary>The number of samples; MCU1084 or MCU1085 when the request is wrong.</summary>
    public static int Check(FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options)
    {
        int bytes = image.Manifest.Input.Bytes;
        if (inputs.Length == 0 || inputs.Length % bytes != 0)
        {
            throw new DiagnosticException(
                "MCU1084",
                $"The input has {inputs.Length} bytes, which is not a whole number of samples of {bytes} bytes.",
                hint: $"Give {image.Manifest.Input.Type} samples back to back.");
        }

        CheckDeltas(image.Manifest, options.Deltas.Count);
        int adapters = image.Manifest.Adapters.Length;
        return options.AdapterIndex >= 0 && options.AdapterIndex < adapters
            ? inputs.Length / bytes
            : throw new DiagnosticException(
                "MCU1085",
                $"There is no adapter {options.AdapterIndex}.",
                hint: "There are: " + string.Join(", ", image.Manifest.Adapters.Select(adapter => $"{adapter.Index} {adapter.Name}")) + ".");
    }

    /// <summary>MCU1089 for more delta images than there is room for.</summary>
    public static void CheckDeltas(EmittedManifest manifest, int count)
    {
        int room = manifest.Deltas ?? 0;
        if (count > room)
        {
            throw new DiagnosticException("MCU1089", $"The network can attach {room} delta images; {count} are given.", hint: "Compile with --deltas N.");
        }
    }

    public static ProcessRequest Process(string file, IReadOnlyList<string> arguments, RunFolder folder, RunOptions options) =>
        new(file, arguments)
        {
            WorkingDirectory = folder.Path,
            Progress = folder.Progress,
            Timeout = options.Timeout ?? LongestRun,
            StallTimeout = options.Timeout is null ? SampleTimeout : TimeSpan.MaxValue,
        };
}
