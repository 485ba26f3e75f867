using System.IO.Compression;
using System.Text.Json;
using Mcu.Generator;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;
using static Mcu.Tests.Packaging.UserProject;

namespace Mcu.Tests.Packaging;

/// <summary>The packages as users install them, outside the checkout and offline. Packing takes a minute or two.</summary>
[Collection(PackagesFixture.Collection)]
public sealed class PackageTests(PackagesFixture packages)
{
    private static readonly string[] Quiet = ["-nologo", "-v:q"];

    [Fact]
    public void The_tool_installs_from_its_package_and_works_far_from_the_checkout()
    {
        (string folder, Sdk sdk) = packages.User();
        string mcu = Install(folder, sdk);
        PutModel(folder);

        Assert.Equal(PackagesFixture.Version, sdk.Run(mcu, "--version"));
        Assert.StartsWith("Description:\n  mcu " + PackagesFixture.Version, sdk.Run(mcu, "--help"), StringComparison.Ordinal);
        sdk.Run(mcu, "compile", "kws.onnx", "--calibration", "samples.npy", "--adapter", "accent", "-o", "out");
        Assert.True(File.Exists(Path.Combine(folder, "out", "mcu", "mcu_runtime.h")));
        // ONNX Runtime's own library is part of the package.
        Assert.Contains("every node against ONNX Runtime", sdk.Run(mcu, "verify", "kws.onnx"), StringComparison.Ordinal);
        using JsonDocument targets = JsonDocument.Parse(sdk.Run(mcu, "targets", "--json"));
        Assert.Contains(targets.RootElement.GetProperty("targets").EnumerateArray(), target => target.GetProperty("name").GetString() == "cortex-m7");
    }

    [Theory]
    [InlineData("Mcu.Tool", false, "README.md")]
    [InlineData("Mcu.Tool", true, "mcu.dll", "THIRD-PARTY-NOTICES.txt", "Google.OrTools.dll", "ortools", "onnxruntime")]
    [InlineData("Mcu.MSBuild", false, "README.md", "build/Mcu.MSBuild.props", "build/Mcu.MSBuild.targets", "tasks/netstandard2.0/Mcu.MSBuild.dll", "tools/net10.0/mcu.dll", "ortools", "THIRD-PARTY-NOTICES.txt")]
    public void A_package_has_a_licence_a_readme_and_what_it_needs_to_run(string id, bool ofPlatform, params string[] parts)
    {
        string name = $"{id}{(ofPlatform ? "." + PackagesFixture.Rid : "")}.{PackagesFixture.Version}.nupkg";
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(packages.Feed, name));
        string[] entries = [.. archive.Entries.Select(entry => entry.FullName)];
        using var nuspec = new StreamReader(archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
        string text = nuspec.ReadToEnd();

        Assert.Contains("<license type=\"expression\">Apache-2.0</license>", text, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<dependency ", text, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(entries, entry => entry.Contains(part, StringComparison.Ordinal)));
        Assert.DoesNotContain(entries, entry => entry.EndsWith(".pdb", StringComparison.Ordinal) && id == "Mcu.MSBuild");
    }

    [Fact]
    public void A_project_compiles_its_network_once_then_only_what_changes_and_says_what_is_broken()
    {
        (string folder, Sdk sdk) = packages.User();
        string mcu = Install(folder, sdk);
        sdk.Run("dotnet", "new", "console", "-n", "app", "-o", ".", "--no-restore");
        sdk.Run("dotnet", "add", "package", "Mcu.MSBuild", "--version", PackagesFixture.Version);
        string project = Path.Combine(folder, "app.csproj");
        File.WriteAllText(project, File.ReadAllText(project).Replace("</Project>", $"  <ItemGroup>\n    {Model}\n  </ItemGroup>\n</Project>", StringComparison.Ordinal));
        PutModel(folder);
        string emitted = Path.Combine(folder, "obj/Debug/net10.0/mcu/kws");

        Assert.Contains("kws.onnx -> ", sdk.Run("dotnet", "build", "-nologo", "-v:m"), StringComparison.Ordinal);
        Dictionary<string, (DateTime Time, string Hash)> first = PackagesFixture.Snapshot(Path.Combine(folder, "obj"));
        Assert.Contains("mcu_runtime.h", first.Keys.Select(path => Path.GetFileName(path)));
        sdk.Run(mcu, "compile", "kws.onnx", "--adapter", "accent", "--adapter", "factory", "--target", "cortex-m4", "--calibration", "samples.npy", "-o", "of the tool");
        Dictionary<string, (DateTime Time, string Hash)> ofTool = PackagesFixture.Snapshot(Path.Combine(folder, "of the tool"));
        Assert.Equal(Hashes(ofTool), Hashes(PackagesFixture.Snapshot(emitted)));

        // Nothing changed: nothing is done.
        string second = sdk.Run("dotnet", "build", "-nologo", "-v:n");
        Assert.Contains("Skipping target \"_McuCompileEach\" because all output files are up-to-date", second, StringComparison.Ordinal);
        Assert.Equal(first, PackagesFixture.Snapshot(Path.Combine(folder, "obj")));

        // New times, same bytes: the compiler looks, and leaves everything.
        Dictionary<string, (DateTime Time, string Hash)> before = PackagesFixture.Snapshot(emitted);
        File.SetLastWriteTimeUtc(Path.Combine(folder, "kws.onnx"), DateTime.UtcNow);
        Assert.Contains("up to date", sdk.Run("dotnet", "build", "-nologo", "-v:d"), StringComparison.Ordinal);
        Assert.Equal(before, PackagesFixture.Snapshot(emitted));

        // Other numbers in one adapter: its C file, the reports and the bill of materials, nothing else.
        ChangeAdapter(Path.Combine(folder, "accent"));
        sdk.Run("dotnet", ["build", .. Quiet]);
        Dictionary<string, (DateTime Time, string Hash)> after = PackagesFixture.Snapshot(emitted);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            ["kws_adapter_1_accent.c", "report.html", "report.json", "sbom.cdx.json"],
            after.Keys.Where(path => after[path] != before[path]).Order(StringComparer.Ordinal));

        // A cut-off model: one diagnostic with its file and code, and the last good output stays.
        string model = Path.Combine(folder, "kws.onnx");
        File.WriteAllBytes(model, File.ReadAllBytes(model)[..2000]);
        (int exit, string output) = sdk.Try("dotnet", ["build", .. Quiet]);
        Assert.Equal(1, exit);
        string diagnostic = OneError(output);
        Assert.Matches($@"^{System.Text.RegularExpressions.Regex.Escape(model)} : error MCU\d{{4}}: .+ \[.*app\.csproj\]$", diagnostic);
        Assert.Equal(after, PackagesFixture.Snapshot(emitted));
    }

    [Fact]
    public void A_deleted_file_comes_back_clean_takes_all_away_and_other_hosts_of_msbuild_do_the_same()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model.Replace(" />", " CopyToOutputDirectory=\"PreserveNewest\" />", StringComparison.Ordinal));
        string emitted = Path.Combine(folder, "obj/Debug/net10.0/mcu/kws");
        sdk.Run("dotnet", ["msbuild", "-restore", .. Quiet]);
        Assert.True(File.Exists(Path.Combine(folder, "bin/Debug/net10.0/mcu/kws/mcu/mcu_runtime.h")), "The C files are copied beside the program.");

        File.Delete(Path.Combine(emitted, "kws.c"));
        sdk.Run("dotnet", ["build", .. Quiet]);
        Assert.True(File.Exists(Path.Combine(emitted, "kws.c")));

        File.WriteAllText(Path.Combine(emitted, "mine.txt"), "mine");
        sdk.Run("dotnet", ["clean", .. Quiet]);
        Assert.Equal([Path.Combine(emitted, "mine.txt")], Directory.EnumerateFiles(Path.Combine(folder, "obj/Debug/net10.0/mcu"), "*", SearchOption.AllDirectories));
    }

    /// <summary>Two networks in C# share their kernels; the program prints what the first one computes for zeros.</summary>
    [Fact]
    public void Networks_in_csharp_join_the_compilation_and_give_the_reference_s_bytes()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, """
            <McuModel Include="kws.onnx" Adapters="accent/" Calibration="samples.npy" Language="nanoframework" Namespace="Acme.Speech" />
            <McuModel Include="other.onnx" Name="second" Calibration="samples.npy" Language="nanoFramework" Namespace="Acme.Speech" />
            """);
        File.Copy(Path.Combine(folder, "kws.onnx"), Path.Combine(folder, "other.onnx"));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            var network = new Acme.Speech.Kws();
            var output = new sbyte[Acme.Speech.Kws.OutputLength];
            network.Run(new sbyte[Acme.Speech.Kws.InputLength], output);
            System.Console.WriteLine(string.Join(' ', output) + " " + Acme.Speech.Second.OutputLength);
            """);
        string first = sdk.Run("dotnet", "build", "-nologo", "-v:m");
        Assert.Contains("    0 Warning(s)", sdk.Run("dotnet", "build", "-nologo", "--no-incremental"), StringComparison.Ordinal);
        Assert.Contains("kws.onnx -> ", first, StringComparison.Ordinal);

        Int8Model model = Firmware.Compile(new CompileOptions
        {
            BasePath = DemoFiles.Base,
            Target = Firmware.Target("cortex-m4"),
            CalibrationPath = TestData.Repo("tests/demo/calibration.npy"),
        }).Model;
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        TensorValue expected = Int8Reference.Run(model, new TensorValue(input.Shape, new sbyte[490]));
        Assert.Equal(string.Join(' ', expected.Int8) + " 10", sdk.Run("dotnet", "run", "--no-build").Trim());

        // Another adapter: its constants alone, and the program is compiled anew.
        string emitted = Path.Combine(folder, "obj/Debug/net10.0/mcu/kws");
        Dictionary<string, (DateTime Time, string Hash)> before = PackagesFixture.Snapshot(emitted);
        ChangeAdapter(Path.Combine(folder, "accent"));
        sdk.Run("dotnet", ["build", .. Quiet]);
        Dictionary<string, (DateTime Time, string Hash)> after = PackagesFixture.Snapshot(emitted);
        string[] changed = [.. after.Keys.Where(path => after[path] != before[path]).Order(StringComparer.Ordinal)];
        Assert.Contains("KwsConstants0.cs", changed);
        Assert.DoesNotContain(changed, path => path.StartsWith("Mcu/", StringComparison.Ordinal));

        // An editor's build compiles no network and still sees the classes.
        string items = sdk.Run("dotnet", "msbuild", "-t:CoreCompile", "-p:DesignTimeBuild=true", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true", "-getItem:Compile", "-nologo");
        Assert.Contains("Kws.cs", items, StringComparison.Ordinal);
        Assert.DoesNotContain("Properties/AssemblyInfo.cs", items, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_in_items_are_errors_of_the_project()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model.Replace(" />", " Language=\"fortran\" />", StringComparison.Ordinal));
        AssertOneError("MCU1404");
        WriteProject(folder, Model + """<McuModel Include="other/kws.onnx" Calibration="samples.npy" />""");
        AssertOneError("MCU1405");
        WriteProject(folder, Model.Replace(" />", " Optimize=\"size\" />", StringComparison.Ordinal));
        AssertOneError("MCU0001");

        void AssertOneError(string code)
        {
            (int exit, string output) = sdk.Try("dotnet", ["build", .. Quiet]);
            Assert.Equal(1, exit);
            Assert.StartsWith($"{Path.Combine(folder, "app.csproj")} : error {code}: ", OneError(output), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_firmware_project_makes_c_and_a_cmake_file_also_when_two_configurations_build_at_once()
    {
        Assert.SkipUnless(Programs.Has("cmake") && Programs.Has("cc"), "needs cmake and a C compiler: apt-get install cmake make gcc libc6-dev");
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model.Replace(" />", " OutputFolder=\"firmware/kws\" />", StringComparison.Ordinal));
        string project = Path.Combine(folder, "app.csproj");
        File.WriteAllText(project, File.ReadAllText(project).Replace(
            "<OutputType>Exe</OutputType>", "<McuNativeFirmware>true</McuNativeFirmware><McuCMakeFile>firmware/networks.cmake</McuCMakeFile>", StringComparison.Ordinal));
        File.Delete(Path.Combine(folder, "Program.cs"));
        sdk.Run("dotnet", "restore", "-nologo", "-v:q");

        Parallel.ForEach(["Debug", "Release"], configuration => sdk.Run("dotnet", ["build", "--no-restore", "-c", configuration, .. Quiet]));

        Assert.Empty(Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories));
        string firmware = Path.Combine(folder, "firmware");
        File.WriteAllText(Path.Combine(firmware, "CMakeLists.txt"), """
            cmake_minimum_required(VERSION 3.13)
            project(firmware C)
            include(networks.cmake)
            add_executable(firmware main.c)
            target_link_libraries(firmware PRIVATE ${MCU_LIBRARIES})
            """);
        File.WriteAllText(Path.Combine(firmware, "main.c"), Samples.Source("kws"));
        Samples.Build(new Sdk(firmware), ".", "build");
        Assert.Equal("ok", sdk.Run(Path.Combine(firmware, "build/firmware")));
    }

    /// <summary>The tool in a folder of its own; its program.</summary>
    private static string Install(string folder, Sdk sdk)
    {
        string tools = Path.Combine(folder, "tools of mine");
        sdk.Run("dotnet", "tool", "install", "Mcu.Tool", "--tool-path", tools);
        return Path.Combine(tools, OperatingSystem.IsWindows() ? "mcu.exe" : "mcu");
    }
}
