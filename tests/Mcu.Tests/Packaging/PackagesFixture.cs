using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>
/// Tool and MSBuild package, packed for this machine's platform into a local feed, with all intermediate files in a temporary folder; and users'
/// folders whose NuGet knows that feed and nothing else.
/// </summary>
public sealed class PackagesFixture
{
    public const string Version = "0.1.0";

    /// <summary>The tests that share the packages.</summary>
    public const string Collection = "packages";

    private readonly string packages;
    private int users;

    public PackagesFixture()
    {
        Root = TestFolder.Create("packages");
        Feed = Path.Combine(Root, "feed");
        packages = Path.Combine(Root, "nuget");
        Packing.Pack("generator/Mcu.Tool", Root, Feed, $"-p:ToolPackageRuntimeIdentifiers={Rid}");
        Packing.Pack("generator/Mcu.MSBuild", Root, Feed, $"-p:McuPackRuntimes={Rid}");
    }

    public static string Rid => $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    public string Root { get; }

    public string Feed { get; }

    /// <summary>A new folder outside the checkout with a NuGet.config of its own.</summary>
    internal (string Folder, Sdk Sdk) User()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Root, $"user {Interlocked.Increment(ref users)}")).FullName;
        File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="local" value="{Feed}" />
              </packageSources>
            </configuration>
            """);
        return (folder, Shell(folder));
    }

    /// <summary>The SDK in a user's folder, with more variables in its environment.</summary>
    internal Sdk Shell(string folder, params (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string?> { ["NUGET_PACKAGES"] = packages, ["DOTNET_CLI_HOME"] = Root };
        foreach ((string name, string value) in variables)
        {
            environment[name] = value;
        }

        return new Sdk(folder, environment);
    }

    /// <summary>Relative path, time of the last change and hash of every file below a folder.</summary>
    internal static Dictionary<string, (DateTime Time, string Hash)> Snapshot(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(folder, file).Replace('\\', '/'),
            file => (File.GetLastWriteTimeUtc(file), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))),
            StringComparer.Ordinal);
}

/// <summary>The packages are made once for every class that uses them.</summary>
[CollectionDefinition(PackagesFixture.Collection)]
public sealed class PackagesCollection : ICollectionFixture<PackagesFixture>;
