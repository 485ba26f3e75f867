using System.Globalization;
using Mcu.Emulation.Running;

namespace Mcu.Emulation.Machines;

/// <summary>What a machine did, kept as a test's artefact: how each run ended, and what the firmware said.</summary>
internal sealed class MachineTrace(string? artifacts, string emulator, string target)
{
    private readonly List<string> stops = [];

    /// <summary>Notes the end of a run and gives it back.</summary>
    public MachineStop Note(MachineStop stop)
    {
        string place = stop.Function is { } function ? $" in {function}" : "";
        string fault = stop.Fault is { } sentence ? " " + sentence : "";
        stops.Add(string.Create(CultureInfo.InvariantCulture, $"{stop.Instructions} {stop.Reason} 0x{stop.Pc:x8}{place}{fault}"));
        return stop;
    }

    /// <summary>Writes <c>stops.txt</c> (instructions since the reset, reason, place, fault) and <c>serial.txt</c> into a folder of the machine's own; nothing where that fails.</summary>
    public void Write(SerialPort serial) => ArtifactFolder.Keep(
        artifacts,
        $"{emulator}-{target}",
        folder =>
        {
            File.WriteAllLines(Path.Combine(folder, "stops.txt"), stops);
            File.WriteAllText(Path.Combine(folder, "serial.txt"), serial.Transcript);
        });
}
