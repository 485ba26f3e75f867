namespace Mcu.Tests.Packaging;

/// <summary>Packs projects of the checkout, with all intermediate files elsewhere.</summary>
internal static class Packing
{
    /// <param name="root">Temporary folder for intermediate files.</param>
    /// <param name="feed">Folder that gets the package.</param>
    public static void Pack(string project, string root, string feed, params string[] options) =>
        new Sdk(TestData.Root).Run(
            "dotnet",
            ["pack", TestData.Repo(project), "-o", feed, "--artifacts-path", Path.Combine(root, "artifacts"), .. options, "-p:RunAnalyzers=false", "-p:NuGetAudit=false", "-m:1", "-nologo", "-v:q"]);
}
