namespace Mcu.Tests;

/// <summary>Finds test inputs: the repository's own, and the public data kept beside it.</summary>
public static class TestData
{
    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Whether the public data folder is there.</summary>
    public static bool HasShared => SharedFolder() is not null;

    /// <summary>A file or folder of the public data, or a skipped test that says what it needs.</summary>
    public static string Shared(string relative)
    {
        string? folder = SharedFolder();
        string path = Path.Combine(folder ?? "", relative);
        if (folder is null || (!File.Exists(path) && !Directory.Exists(path)))
        {
            Assert.Skip($"needs public data '{relative}' (folder ../shared/data, or MCU_SHARED_DATA)");
        }

        return path;
    }

    /// <summary>A file or folder of the repository.</summary>
    public static string Repo(string relative) => Path.Combine(Root, relative);

    private static string? SharedFolder()
    {
        string? configured = Environment.GetEnvironmentVariable("MCU_SHARED_DATA");
        string folder = configured ?? Path.Combine(Root, "..", "shared", "data");
        return Directory.Exists(folder) ? folder : null;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Mcu.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Mcu.sln not found above the test binary.");
    }
}
