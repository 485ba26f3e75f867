namespace Mcu.Tool.Cli;

/// <summary>The checkout that this tool was built in.</summary>
internal static class Checkout
{
    /// <summary>The nearest folder above the tool that has this file, or null where the tool was installed otherwise.</summary>
    public static string? FolderWith(string relativePath)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, relativePath)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
