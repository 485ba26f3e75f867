using System.Reflection;
using System.Xml.Linq;
using Mcu.Emulation.Managed;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.Emission;

namespace Mcu.Tests.NanoFramework;

/// <summary>The class over native code: the managed form's surface, checked arguments, a table that is the assembly's, harmless names.</summary>
public sealed class InteropClassTests
{
    [Fact]
    public void Both_forms_have_the_same_members()
    {
        Type interop = Load(Interop.Of(TinyModels.Of("images"), "images").Assembly, "Acme.Networks.Images");
        Type managed = Managed.Of(TinyModels.Of("images"), "images").Network.Type;

        Assert.Equal(Members(managed), Members(interop));
        Assert.Equal(Constants(managed).Where(c => !c.StartsWith("ArenaBytes", StringComparison.Ordinal)), Constants(interop).Where(c => !c.StartsWith("ArenaBytes", StringComparison.Ordinal)));
    }

    [Fact]
    public void Arrays_of_another_length_do_not_reach_native_code()
    {
        Interop interop = Interop.Of(TinyModels.Of("vectors"), "vectors");
        Type type = Load(interop.Assembly, "Acme.Networks.Vectors");
        Action<sbyte[], sbyte[]> run = type.GetMethod("Run")!.CreateDelegate<Action<sbyte[], sbyte[]>>(Activator.CreateInstance(type));
        sbyte[] input = new sbyte[interop.InputLength];
        sbyte[] output = new sbyte[interop.OutputLength];

        Assert.Throws<ArgumentNullException>(() => run(null!, output));
        Assert.Throws<ArgumentNullException>(() => run(input, null!));
        Assert.Throws<ArgumentException>(() => run(new sbyte[interop.InputLength + 1], output));
        Assert.Throws<ArgumentException>(() => run(input, new sbyte[interop.OutputLength - 1]));

        // Only here .NET looks for the method, which it has not.
        Assert.Throws<System.Security.SecurityException>(() => run(input, output));
    }

    [Fact]
    public void An_index_without_adapter_is_refused_and_changes_nothing()
    {
        Type type = Load(Interop.Of(TinyModels.Of("images"), "images").Assembly, "Acme.Networks.Images");
        object network = Activator.CreateInstance(type)!;
        Func<int, bool> select = type.GetMethod("Select")!.CreateDelegate<Func<int, bool>>(network);

        Assert.True(select(2));
        Assert.False(select(3));
        Assert.False(select(-1));

        Assert.Equal(2, type.GetProperty("Selected")!.GetValue(network));
    }

    [Fact]
    public void Native_code_is_allowed_in_this_form_alone()
    {
        byte[] assembly = Interop.Of(TinyModels.Of("vectors"), "vectors").Assembly;

        Assert.Empty(IlChecker.Check(assembly, allowNative: true));
        Assert.Contains(IlChecker.Check(assembly), f => f.Contains("native code", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_that_is_not_the_assemblys_is_found()
    {
        NanoEmission emission = Interop.Of(TinyModels.Of("vectors"), "vectors").Emission;
        NanoEmission changed = emission with { Files = emission.Files.SetItem("Vectors.cs", emission.Files["Vectors.cs"].Replace("Infer_", "Infer_0", StringComparison.Ordinal)) };

        Assert.Equal("MCU1515", Assert.Throws<Generator.Diagnostics.DiagnosticException>(() => ManagedVerifier.Compile(changed)).Diagnostic.Code);
    }

    [Fact]
    public void Equal_input_gives_equal_files() =>
        Assert.Equal(Interop.Of(TinyModels.Of("images"), "images").Emission.Files, Interop.Of(TinyModels.Of("images"), "images").Emission.Files);

    [Fact]
    public void The_project_holds_the_class_alone()
    {
        NanoEmission emission = Interop.Of(TinyModels.Of("images"), "images").Emission;
        XDocument project = XDocument.Parse(emission.Files["Images.nfproj"]);

        Assert.Equal([@"Images.cs", @"Properties\AssemblyInfo.cs"], project.Descendants().Where(e => e.Name.LocalName == "Compile").Select(e => e.Attribute("Include")!.Value));
        Assert.Equal("Acme.Networks.Images", project.Descendants().Single(e => e.Name.LocalName == "AssemblyName").Value);
        Assert.Contains("AssemblyNativeVersion(\"1.0.0.0\")", emission.Files["Properties/AssemblyInfo.cs"], StringComparison.Ordinal);
    }

    /// <summary>Names that are hostile in C# or C++, and name spaces that hide the platform's.</summary>
    [Theory]
    [InlineData("class", "Acme.System")]
    [InlineData("namespace", "System.Networks")]
    [InlineData("template", "nanoCLR")]
    [InlineData("Größe 日本語", "_")]
    [InlineData("*/ #error out /*", "A.B.C")]
    [InlineData("run", "Images")]
    [InlineData("", "M0")]
    [InlineData("HRESULT", "Infer")]
    public async Task Every_name_gives_a_class_and_glue_that_compile(string name, string space)
    {
        var model = TinyModels.Images(nodeName: name.Length == 0 ? " " : name, file: name, adapterName: name);
        Interop interop = Interop.Of(model, name, Interop.Options with { Namespace = space });

        Assert.All(interop.Emission.Files.Values, text => Assert.All(text, c => Assert.True(c is '\n' or (>= ' ' and <= '~'))));
        Assert.Equal(["refused"], await interop.RunAsync(await interop.BuildAsync(), [], new InteropCall { Checksum = 0 }));
    }

    [Fact]
    public async Task Networks_of_one_firmware_share_the_kernels()
    {
        string root = EndToEnd.TestFolder.Create("firmware");
        string[] assemblies = [.. new[] { "images", "vectors" }.Select(name => Place(root, Interop.Of(TinyModels.Of(name), name)))];
        string script = Path.Combine(root, "check.cmake");
        await File.WriteAllTextAsync(
            script,
            $"set(PROJECT_SOURCE_DIR {root})\nset(CMAKE_MODULE_PATH {root}/CMake/Modules)\n"
            + string.Concat(assemblies.Select(a => $"find_package(INTEROP-{a} REQUIRED QUIET)\nlist(APPEND ALL ${{{a}_SOURCES}})\n"))
            + "foreach(file ${ALL})\n    execute_process(COMMAND ${CMAKE_COMMAND} -E echo ${file})\nendforeach()\n",
            TestContext.Current.CancellationToken);

        (int exit, string output, string errors) = await Compilers.ProcessAsync("cmake", ["-P", script]);

        Assert.Equal((0, ""), (exit, errors));
        string[] files = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(files, f => Assert.True(File.Exists(f), f));
        Assert.Equal(files.Length, files.Select(Path.GetFileName).Distinct(StringComparer.Ordinal).Count());
        string[] needed = [.. Directory.GetFiles(root, "*.c*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is ".c" or ".cpp").Select(f => Path.GetFileName(f)!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Assert.Equal(needed, files.Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    /// <summary>Copies as the README says.</summary>
    private static string Place(string root, Interop interop)
    {
        string assembly = interop.Contract.Assembly;
        string module = $"native/FindINTEROP-{assembly}.cmake";
        foreach ((string path, string text) in interop.Emission.Files.Where(f => f.Key.StartsWith("native/", StringComparison.Ordinal)))
        {
            string place = path == module ? Path.Combine(root, "CMake/Modules", Path.GetFileName(path)) : Path.Combine(root, "InteropAssemblies", assembly, path["native/".Length..]);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.WriteAllText(place, text);
        }

        return assembly;
    }

    private static Type Load(byte[] assembly, string name) => Assembly.Load(assembly).GetType(name, throwOnError: true)!;

    private static string[] Members(Type type) => [.. type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(m => m.ToString()!).Order(StringComparer.Ordinal)];

    private static string[] Constants(Type type) => [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => $"{f.Name}={f.GetRawConstantValue()}")];
}
