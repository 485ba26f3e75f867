using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mcu.Tests.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>Libraries and project template as packages, used in a folder outside the checkout.</summary>
public sealed partial class TemplateTests(TemplateTests.Feed packages) : IClassFixture<TemplateTests.Feed>
{
    private const string Summary = "Total: 1, Errors: 0, Failed: ";

    [Fact]
    public async Task A_project_of_the_template_asks_for_a_recording_then_holds_the_firmware_to_it()
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        (string folder, Sdk sdk) = packages.User();
        PutNetwork(folder);
        sdk.Run("dotnet", "new", "install", packages.Package("Mcu.Templates"));
        string[] asPrinted = (await File.ReadAllLinesAsync(TestData.Repo("docs/EMULATION.md"), TestContext.Current.CancellationToken)).Single(line => line.StartsWith("dotnet new mcu-tests ", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(["-o", "Kws.Tests", "--network", "../build/kws", "--mcu-target", "cortex-m4"], asPrinted[3..]);
        sdk.Run("dotnet", asPrinted[1..]);
        Assert.Contains("    0 Warning(s)", sdk.Run("dotnet", "build", "Kws.Tests", "-nologo", "-v:q"), StringComparison.Ordinal);

        Assert.Contains("MCU_UPDATE_GOLDEN=1", Tests(sdk, 1), StringComparison.Ordinal);
        Tests(packages.Shell(folder, ("MCU_UPDATE_GOLDEN", "1")), 0);
        Tests(sdk, 0);

        AssertIsHeld(sdk, Path.Combine(folder, "Kws.Tests", "golden"));
    }

    /// <summary>The board's own linker script gives too little flash at first: that is what the test says, so that it is this script that is used.</summary>
    [Fact]
    public async Task A_project_of_the_template_takes_a_users_target()
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        (string folder, Sdk sdk) = packages.User();
        PutNetwork(folder);
        string board = UserTarget.Write(Path.Combine(folder, "boards"), "my-board");
        string script = Path.Combine(board, UserTarget.Script);
        string good = await File.ReadAllTextAsync(script, TestContext.Current.CancellationToken);
        sdk.Run("dotnet", "new", "install", packages.Package("Mcu.Templates"));
        sdk.Run("dotnet", "new", "mcu-tests", "-o", "Kws.Tests", "--network", "../build/kws", "--mcu-target", "my-board", "--target-folder", "../boards");
        Assert.Contains("    0 Warning(s)", sdk.Run("dotnet", "build", "Kws.Tests", "-nologo", "-v:q"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(script, good.Replace("@FLASH_LENGTH@", "8K", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Contains("FLASH", Tests(sdk, 1), StringComparison.Ordinal);
        await File.WriteAllTextAsync(script, good, TestContext.Current.CancellationToken);
        Tests(packages.Shell(folder, ("MCU_UPDATE_GOLDEN", "1")), 0);
        Tests(sdk, 0);
    }

    [Theory]
    [InlineData("Mcu.Emulation", "EMULATION.md", "lib/net10.0/Mcu.Emulation.dll", "lib/net10.0/Mcu.Emulation.xml")]
    [InlineData("Mcu.Generator", "README.md", "lib/net10.0/Mcu.Generator.dll", "lib/net10.0/Mcu.Generator.xml")]
    [InlineData("Mcu.Templates", "README.md", "content/mcu-tests/.template.config/template.json", "content/mcu-tests/McuTests.csproj")]
    public void A_package_has_a_licence_a_readme_and_its_content(string id, string readme, params string[] parts)
    {
        using ZipArchive archive = ZipFile.OpenRead(packages.Package(id));
        using var nuspec = new StreamReader(archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
        string text = nuspec.ReadToEnd();
        Assert.Contains("<license type=\"expression\">Apache-2.0</license>", text, StringComparison.Ordinal);
        Assert.Contains($"<readme>{readme}</readme>", text, StringComparison.Ordinal);
        Assert.All(parts.Append(readme), part => Assert.Contains(archive.Entries, entry => entry.FullName == part));
    }

    /// <summary>The template names the versions that the checkout itself is tested with.</summary>
    [Fact]
    public void Versions_in_the_template_are_those_of_the_checkout()
    {
        Dictionary<string, string> own = XDocument.Load(TestData.Repo("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(e => e.Attribute("Include")!.Value, e => e.Attribute("Version")!.Value, StringComparer.Ordinal);
        own["Mcu.Emulation"] = PackagesFixture.Version;
        MatchCollection references = Reference().Matches(File.ReadAllText(TestData.Repo("emulation/Mcu.Templates/content/mcu-tests/McuTests.csproj")));
        Assert.Equal(4, references.Count);
        Assert.All(references, reference => Assert.Equal(own[reference.Groups[1].Value], reference.Groups[2].Value));
    }

    /// <summary>One instruction too many and one other byte fail.</summary>
    private static void AssertIsHeld(Sdk sdk, string golden)
    {
        string budget = Path.Combine(golden, "budget-0.json");
        string recorded = File.ReadAllText(budget);
        JsonNode figures = JsonNode.Parse(recorded)!;
        Assert.InRange((long)figures["instructions"]!, 1_000_000, 100_000_000);
        figures["instructions"] = (long)figures["instructions"]! - 1;
        File.WriteAllText(budget, figures.ToJsonString());
        Assert.Contains("instructions instead of at most", Tests(sdk, 1), StringComparison.Ordinal);

        File.WriteAllText(budget, recorded);
        byte[] outputs = File.ReadAllBytes(Path.Combine(golden, "outputs-0.bin"));
        outputs[13] ^= 1;
        File.WriteAllBytes(Path.Combine(golden, "outputs-0.bin"), outputs);
        Assert.Contains("1 bytes of output differ", Tests(sdk, 1), StringComparison.Ordinal);
    }

    /// <summary>What <c>mcu compile</c> writes, in <c>build/kws</c>.</summary>
    private static void PutNetwork(string folder)
    {
        foreach ((string path, string text) in Firmware.Emit(AdaptedModel.Of("demo").Base, "cortex-m4", "kws"))
        {
            string file = Path.Combine(folder, "build/kws", path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }

    private static string Tests(Sdk sdk, int failures)
    {
        (_, string output) = sdk.Try("dotnet", "run", "--no-build", "--project", "Kws.Tests");
        Assert.Contains(Summary + failures, output, StringComparison.Ordinal);
        return output;
    }

    [GeneratedRegex("<PackageReference Include=\"([^\"]+)\" Version=\"([^\"]+)\" />")]
    private static partial Regex Reference();

    /// <summary>The packages, and users' folders whose NuGet knows them and what this machine has restored for the checkout.</summary>
    public sealed class Feed
    {
        private readonly string root = TestFolder.Create("templates");
        private int users;

        public Feed()
        {
            foreach (string project in (string[])["generator/Mcu.Generator", "emulation/Mcu.Emulation", "emulation/Mcu.Templates"])
            {
                Packing.Pack(project, root, Folder);
            }
        }

        private string Folder => Path.Combine(root, "feed");

        public string Package(string id) => Path.Combine(Folder, $"{id}.{PackagesFixture.Version}.nupkg");

        internal (string Folder, Sdk Sdk) User()
        {
            string machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
            string folder = Directory.CreateDirectory(Path.Combine(root, $"user {Interlocked.Increment(ref users)}")).FullName;
            File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
                <configuration>
                  <packageSources>
                    <clear />
                    <add key="local" value="{Folder}" />
                    <add key="machine" value="{machine}" />
                  </packageSources>
                  <fallbackPackageFolders>
                    <clear />
                    <add key="machine" value="{machine}" />
                  </fallbackPackageFolders>
                </configuration>
                """);
            return (folder, Shell(folder));
        }

        internal Sdk Shell(string folder, params (string Name, string? Value)[] variables)
        {
            var environment = new Dictionary<string, string?>
            {
                ["NUGET_PACKAGES"] = Path.Combine(root, "nuget"),
                ["DOTNET_CLI_HOME"] = Path.Combine(folder, ".home"),
                ["MCU_UPDATE_GOLDEN"] = null,
                ["MCU_TEST_ARTIFACTS"] = null,
            };
            foreach ((string name, string? value) in variables)
            {
                environment[name] = value;
            }

            return new Sdk(folder, environment);
        }
    }
}
