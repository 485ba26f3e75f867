namespace Mcu.Tests.EndToEnd;

/// <summary>Temporary folders that are removed when the test process ends.</summary>
internal static class TestFolder
{
    private static readonly Lazy<string> Root = new(CreateRoot);

    public static string Create(string stem)
    {
        string folder = Path.Combine(Root.Value, $"{stem}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        return folder;
    }

    private static string CreateRoot()
    {
        string root = Directory.CreateTempSubdirectory("mcu-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        return root;
    }
}
