using System.Globalization;
using Mcu.Emulation.Running;

namespace Mcu.Emulation.Testing;

/// <summary>What a test leaves for whoever looks into its failure.</summary>
internal static class TestArtifacts
{
    /// <summary>Writes a folder of its own below <see cref="FirmwareTestOptions.Artifacts"/>.</summary>
    /// <param name="message">The failure, as the test shows it.</param>
    /// <param name="result">What the run gave; null where it did not end.</param>
    /// <returns>A sentence with the folder, or why it could not be written; empty where none is wanted.</returns>
    public static string Keep(FirmwareTestOptions options, FirmwareImage image, ReadOnlyMemory<byte> samples, string message, RunResult? result)
    {
        (string? kept, string? failure) = ArtifactFolder.Keep(
            options.Artifacts,
            $"{image.Manifest.Name}-{image.Target.Name}",
            folder =>
            {
                File.WriteAllBytes(Path.Combine(folder, "inputs.bin"), samples.Span);
                File.WriteAllText(Path.Combine(folder, "failure.txt"), message + "\n");
                File.Copy(image.Path, Path.Combine(folder, Path.GetFileName(image.Path)));
                if (result is not null)
                {
                    File.WriteAllBytes(Path.Combine(folder, "outputs.bin"), result.Outputs);
                    File.WriteAllLines(Path.Combine(folder, "instructions.txt"), result.InstructionsPerSample.Select(n => n.ToString(CultureInfo.InvariantCulture)));
                }
            });
        return kept is not null ? $" Artefacts: {kept}" : failure is not null ? $" No artefacts: {failure}" : "";
    }
}
