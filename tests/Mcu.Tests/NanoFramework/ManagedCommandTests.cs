using System.Text.Json;
using System.Xml.Linq;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary><c>mcu compile --lang nanoframework</c> and <c>--on managed</c> as a user gives them, on the demo's network and adapters.</summary>
public sealed class ManagedCommandTests
{
    private static readonly string[] Demo =
    [
        DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-lora"), "--adapter", DemoFiles.Adapter("factory-bitfit"),
        "--adapter", DemoFiles.Adapter("accent-lora"), "--adapter-mode", "side",
    ];

    private readonly string folder = TestFolder.Create("managed");

    [Fact]
    public void The_demos_adapters_switch_and_give_the_references_bytes()
    {
        string samples = DemoFiles.FloatSamples(3);
        for (int adapter = 0; adapter <= 3; adapter++)
        {
            Assert.Equal(Outputs("reference", samples, adapter), Outputs("managed", samples, adapter));
        }
    }

    /// <summary>Both are runs of what was emitted: the C form on the host and in an emulator, with other kernels there.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("qemu:cortex-m4")]
    public async Task The_demos_adapters_give_the_bytes_of_the_C_form(string on)
    {
        await Firmware.SkipWithoutToolsAsync(on[(on.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        string samples = DemoFiles.FloatSamples(3);
        byte[][] managed = [.. Enumerable.Range(0, 4).Select(adapter => Outputs("managed", samples, adapter))];
        for (int adapter = 0; adapter <= 3; adapter++)
        {
            Assert.Equal(Outputs(on, samples, adapter), managed[adapter]);
            Assert.True(adapter == 0 || !managed[adapter].AsSpan().SequenceEqual(managed[0]), $"adapter {adapter} changes nothing");
        }
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("image")]
    public void A_compiled_folder_is_a_project_and_runs_from_its_files(string weights)
    {
        string place = Path.Combine(folder, "Kws");
        ToolRun compiled = CommandLineTests.InProcess(["compile", .. Demo, "--lang", "nanoframework", "--namespace", "Acme.Speech", "--weights", weights, "-o", place]);
        Assert.Equal(0, compiled.ExitCode);

        XDocument project = XDocument.Load(Path.Combine(place, "KwsDemo.nfproj"));
        string[] listed = [.. project.Descendants().Where(e => e.Name.LocalName == "Compile").Select(e => e.Attribute("Include")!.Value.Replace('\\', '/')).Order(StringComparer.Ordinal)];
        string[] written = [.. Directory.GetFiles(place, "*.cs", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(place, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];
        Assert.Equal(written, listed);
        Assert.Equal("nanoFramework.CoreLibrary", XDocument.Load(Path.Combine(place, "packages.config")).Root!.Element("package")!.Attribute("id")!.Value);
        Assert.Equal(weights == "image", File.Exists(Path.Combine(place, "KwsDemo.weights.bin")));

        string samples = Int8Samples();
        string output = Path.Combine(folder, "folder.bin");
        ToolRun run = CommandLineTests.InProcess(["run", place, "--on", "managed", "--adapter-index", "1", "--input", samples, "-o", output, "--json"]);
        Assert.Equal(0, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("run").Check(document);
        Assert.True(document.GetProperty("instructions").GetProperty("median").GetInt64() > 10_000);
        Assert.Equal(10, File.ReadAllBytes(output).Length);
    }

    [Fact]
    public void The_same_input_gives_the_same_folder()
    {
        string[] first = Compile("first");
        string[] second = Compile("second");

        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("MCU1500", "--weights", "image")]
    [InlineData("MCU1501", "--lang", "nanoframework", "--namespace", "Acme.class")]
    [InlineData("MCU1501", "--lang", "nanoframework", "--namespace", "Größe")]
    public void Options_that_do_not_fit_are_refused(string code, params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["compile", .. Demo, .. options, "-o", Path.Combine(folder, "none"), "--json"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(code, run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.False(Directory.Exists(Path.Combine(folder, "none")));
    }

    [Fact]
    public void A_folder_of_csharp_is_not_built_as_C()
    {
        string place = Path.Combine(folder, "cs");
        Assert.Equal(0, CommandLineTests.InProcess(["compile", .. Demo, "--lang", "nanoframework", "-o", place]).ExitCode);

        ToolRun run = CommandLineTests.InProcess(["run", place, "--on", "host", "--input", Int8Samples(), "-o", Path.Combine(folder, "x"), "--json"]);

        Assert.Equal("MCU1505", run.Json().GetProperty("error").GetProperty("code").GetString());
    }

    private string[] Compile(string name)
    {
        string place = Path.Combine(folder, name);
        Assert.Equal(0, CommandLineTests.InProcess(["compile", .. Demo, "--lang", "nanoframework", "--weights", "image", "-o", place]).ExitCode);
        return [.. Directory.GetFiles(place, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => Path.GetRelativePath(place, f) + " " + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))))];
    }

    private string Int8Samples()
    {
        string path = Path.Combine(folder, "int8.bin");
        File.WriteAllBytes(path, File.ReadAllBytes(TestData.Repo("tests/demo/calibration.bin"))[..DemoFiles.Elements]);
        return path;
    }

    private byte[] Outputs(string on, string samples, int adapter)
    {
        string output = Path.Combine(folder, $"{on.Replace(':', '-')}-{adapter}.bin");
        ToolRun run = CommandLineTests.InProcess(["run", .. Demo, "--on", on, "--adapter-index", $"{adapter}", "--input", samples, "-o", output]);
        Assert.Equal(0, run.ExitCode);
        return File.ReadAllBytes(output);
    }
}
