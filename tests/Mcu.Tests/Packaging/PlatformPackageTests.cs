using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>The packages of every platform, packed by the commands of docs/CLI.md: each has its own native libraries and no others.</summary>
public sealed partial class PlatformPackageTests
{
    private const string Version = PackagesFixture.Version;
    private const string Wanted = "MCU_ALL_PLATFORMS";

    [Fact]
    public void The_tool_has_a_package_with_its_own_libraries_for_each_platform_of_the_manual()
    {
        SkipUnlessWanted();
        string root = TestFolder.Create("platforms");
        string feed = Path.Combine(root, "feed");
        Packing.Pack("generator/Mcu.Tool", root, feed);
        Match[] rows = [.. Row().Matches(File.ReadAllText(TestData.Repo("docs/CLI.md"))).Cast<Match>()];

        Assert.Equal(["linux-arm64", "linux-x64", "osx-arm64", "osx-x64", "win-arm64", "win-x64"], rows.Select(row => row.Groups["rid"].Value).Order(StringComparer.Ordinal));
        Assert.Equal(
            rows.Select(row => $"Mcu.Tool.{row.Groups["rid"].Value}.{Version}.nupkg").Append($"Mcu.Tool.{Version}.nupkg").Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(feed).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (Match row in rows)
        {
            string rid = row.Groups["rid"].Value;
            string package = Path.Combine(feed, $"Mcu.Tool.{rid}.{Version}.nupkg");
            string[] natives = Natives(package);
            Assert.Equal(row.Groups["solver"].Value == "yes", natives.Any(name => name.Contains("ortools", StringComparison.Ordinal)));
            Assert.Equal(row.Groups["onnx"].Value == "yes", natives.Any(name => name.Contains("onnxruntime", StringComparison.Ordinal)));
            Assert.All(natives, name => Assert.Contains(Extension(rid), name, StringComparison.Ordinal));
            double size = new FileInfo(package).Length / 1e6;
            double stated = double.Parse(row.Groups["size"].Value, CultureInfo.InvariantCulture);
            Assert.InRange(size, 0.95 * stated, 1.05 * stated);
        }

        using ZipArchive pointer = ZipFile.OpenRead(Path.Combine(feed, $"Mcu.Tool.{Version}.nupkg"));
        using var settings = new StreamReader(pointer.Entries.Single(entry => entry.Name == "DotnetToolSettings.xml").Open());
        string text = settings.ReadToEnd();
        Assert.All(rows, row => Assert.Contains($"\"{row.Groups["rid"].Value}\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_msbuild_package_has_the_solver_of_five_platforms()
    {
        SkipUnlessWanted();
        string root = TestFolder.Create("platforms");
        string feed = Path.Combine(root, "feed");
        Packing.Pack("generator/Mcu.MSBuild", root, feed);
        string[] natives = Natives(Path.Combine(feed, $"Mcu.MSBuild.{Version}.nupkg"));

        string[] platforms = [.. natives.Where(name => name.Contains("ortools", StringComparison.Ordinal)).Select(name => Runtime().Match(name).Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(["linux-arm64", "linux-x64", "osx-arm64", "osx-x64", "win-x64"], platforms);
        Assert.DoesNotContain(natives, name => name.Contains("onnxruntime", StringComparison.Ordinal));
    }

    private static void SkipUnlessWanted() => Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Wanted)), $"takes minutes: set {Wanted}=1");

    /// <summary>Libraries that are not .NET's.</summary>
    private static string[] Natives(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        return [.. archive.Entries.Select(entry => entry.FullName)
            .Where(name => Native().IsMatch(Path.GetFileName(name)) || (name.Contains("/native/", StringComparison.Ordinal) && name.EndsWith(".dll", StringComparison.Ordinal)))];
    }

    private static string Extension(string rid) => rid.StartsWith("win", StringComparison.Ordinal) ? ".dll" : rid.StartsWith("osx", StringComparison.Ordinal) ? ".dylib" : ".so";

    [GeneratedRegex(@"^\| (?<rid>[a-z]+-[a-z0-9]+) \| (?<solver>yes|no)[^|]*\| (?<onnx>yes|no)[^|]*\| (?<size>\d+) MB \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\.(so(\.\d+)*|dylib)$|^(google-ortools-native|ortools|onnxruntime\w*)\.dll$")]
    private static partial Regex Native();

    [GeneratedRegex("runtimes/([^/]+)/")]
    private static partial Regex Runtime();
}
