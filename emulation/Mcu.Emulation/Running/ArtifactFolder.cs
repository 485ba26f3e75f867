using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Running;

/// <summary>
/// The folder of <c>MCU_TEST_ARTIFACTS</c>. Whether it can be written is asked before anything runs; what fails later never stands before the
/// failure that the artefacts are about.
/// </summary>
internal static class ArtifactFolder
{
    /// <summary>Makes the folder. MCU1127 where nothing can be written into it.</summary>
    /// <param name="root">Null or empty for none.</param>
    public static void Check(string? root)
    {
        if (root is not { Length: > 0 })
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(root);
            File.Create(Path.Combine(root, $"{Guid.NewGuid():N}"), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            throw new DiagnosticException("MCU1127", "The folder for artefacts cannot be written: " + failure.Message, root, "Name another one by MCU_TEST_ARTIFACTS or Artifacts, or none.");
        }
    }

    /// <summary>Writes into a new folder below the root.</summary>
    /// <param name="name">Beginning of its name.</param>
    /// <returns>The folder or why there is none; both null without a root.</returns>
    public static (string? Folder, string? Failure) Keep(string? root, string name, Action<string> write)
    {
        if (root is not { Length: > 0 })
        {
            return (null, null);
        }

        try
        {
            string folder = Path.Combine(root, $"{name}-{Guid.NewGuid():N}"[..^24]);
            Directory.CreateDirectory(folder);
            write(folder);
            return (folder, null);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            return (null, failure.Message);
        }
    }

    private static bool IsOfFiles(Exception failure) => failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
