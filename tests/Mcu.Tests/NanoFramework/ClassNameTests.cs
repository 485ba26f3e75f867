using Mcu.Emulation.Managed;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>A network's name becomes a class in the managed form, whatever it is, and the network runs.</summary>
public sealed class ClassNameTests
{
    private static readonly string[] Keywords = ["class", "string", "object", "out", "fixed", "event", "sbyte", "this", "namespace", "record", "var", "nint", "await", "dynamic"];

    private static readonly string[] Members = ["System", "Run", "Select", "Load", "Create", "Selected", "AdapterNone", "Adapter1", "InputLength", "Mcu", "Array", "Object", "Type", "ToString"];

    private readonly string folder = TestFolder.Create("names");

    public static TheoryData<string> Names =>
    [
        .. Keywords, .. Members, "Größe", "模型", "9 lives", "a-b.c", "КВС kws", "I\u0307", new string('x', 300),
        .. Directory.GetFiles(TestData.Repo("runtime-templates/nanoframework"), "*.cs", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_name_gives_a_class_that_runs(string name)
    {
        Int8Model model = TinyModels.Images(adapterName: name);
        Managed managed = Managed.Of(model, name);
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        var values = new TensorValue(input.Shape, [.. Enumerable.Range(0, (int)input.Shape.Elements).Select(i => (sbyte)(i * 11))]);

        Assert.Matches("^[A-Z][A-Za-z0-9]{0,60}$", managed.Emission.ClassName);
        Assert.Empty(IlChecker.Check(managed.Assembly));
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            Assert.True(managed.Network.Select(adapter));
            Assert.Equal(Int8Reference.Run(model, values, adapter).Int8, managed.Network.Run(values.Int8));
        }
    }

    /// <summary>The folder's files carry the name too; ASCII, and the same class whether the name came by option or from the file.</summary>
    [Theory]
    [InlineData("class", "NetClass")]
    [InlineData("Größe", "Gr")]
    [InlineData("System", "SystemNetwork")]
    [InlineData("Run", "RunNetwork")]
    [InlineData("Conv2D", "Conv2d")]
    public void A_compiled_folder_has_the_classs_name(string name, string start)
    {
        string place = Path.Combine(folder, "out");
        string model = Path.Combine(folder, name + ".onnx");
        File.Copy(DemoFiles.Base, model, overwrite: true);

        Assert.Equal(0, CommandLineTests.InProcess("compile", model, "--calibration", DemoFiles.Calibration, "--lang", "nanoframework", "-o", place).ExitCode);

        string[] files = [.. Directory.GetFiles(place, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(place, f))];
        Assert.Contains(files, f => f.StartsWith(start, StringComparison.Ordinal) && f.EndsWith(".nfproj", StringComparison.Ordinal));
        Assert.All(files, f => Assert.All(f, c => Assert.True(char.IsAscii(c), f)));
    }
}
