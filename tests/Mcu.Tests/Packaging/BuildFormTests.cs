using System.Text.Json;
using System.Xml.Linq;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>Emitted folders in the build systems of firmware.</summary>
public sealed class BuildFormTests
{
    private const string NeedsCMake = "needs cmake and a C compiler: apt-get install cmake make gcc libc6-dev";

    private readonly string folder = TestFolder.Create("forms");

    [Fact]
    public void CMake_builds_installs_and_finds_the_network()
    {
        Assert.SkipUnless(Programs.Has("cmake") && Programs.Has("cc"), NeedsCMake);
        Compile("kws");
        var shell = new Sdk(folder);
        Samples.Build(shell, "kws", "kws-build", $"-DCMAKE_INSTALL_PREFIX={folder}/installed");
        shell.Run("cmake", "--install", "kws-build");
        Write("user/main.c", Samples.Source("kws"));
        Write("user/CMakeLists.txt", """
            cmake_minimum_required(VERSION 3.13)
            project(user C)
            find_package(kws REQUIRED)
            add_executable(user main.c)
            target_link_libraries(user PRIVATE mcu::kws)
            """);
        Samples.Build(shell, "user", "user-build", $"-DCMAKE_PREFIX_PATH={folder}/installed");

        Assert.Equal("ok", shell.Run(Path.Combine(folder, "user-build/user")));
    }

    /// <summary>Stand-ins for the functions of the two systems, with their documented meaning.</summary>
    [Theory]
    [InlineData("zephyr", """
        set(CONFIG_MCU_KWS y)
        macro(zephyr_library_named name)
            set(ZEPHYR_CURRENT_LIBRARY ${name})
            add_library(${name} STATIC)
        endmacro()
        function(zephyr_library_sources)
            target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
        endfunction()
        function(zephyr_include_directories)
            foreach(dir ${ARGN})
                include_directories(BEFORE ${CMAKE_CURRENT_SOURCE_DIR}/${dir})
                set_property(GLOBAL APPEND PROPERTY INCLUDED ${CMAKE_CURRENT_SOURCE_DIR}/${dir})
                target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${dir})
            endforeach()
        endfunction()
        """)]
    [InlineData("esp-idf", """
        set(ESP_PLATFORM 1)
        function(idf_component_register)
            cmake_parse_arguments(part "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
            add_library(kws STATIC ${part_SRCS})
            foreach(dir ${part_INCLUDE_DIRS})
                target_include_directories(kws PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${dir})
            endforeach()
        endfunction()
        """)]
    public void A_folder_builds_through_the_functions_of_zephyr_and_esp_idf(string form, string functions)
    {
        Assert.SkipUnless(Programs.Has("cmake") && Programs.Has("cc"), NeedsCMake);
        Compile("kws", form);
        Write("app/main.c", Samples.Source("kws"));
        Write("app/CMakeLists.txt", $"""
            cmake_minimum_required(VERSION 3.20)
            project(app C)
            {functions}
            add_subdirectory(../kws kws)
            add_executable(app main.c)
            target_link_libraries(app PRIVATE kws)
            """);
        var shell = new Sdk(folder);
        Samples.Build(shell, "app", "build");

        Assert.Equal("ok", shell.Run(Path.Combine(folder, "build/app")));
    }

    [Fact]
    public void A_zephyr_module_names_its_cmake_folder_and_its_kconfig_file()
    {
        string place = Compile("kws", "zephyr");
        string[] module = [.. File.ReadAllLines(Path.Combine(place, "zephyr/module.yml")).Where(line => !line.StartsWith('#'))];
        Assert.Equal(["name: kws", "build:", "  cmake: .", "  kconfig: zephyr/Kconfig"], module);
        string[] kconfig = File.ReadAllLines(Path.Combine(place, "zephyr/Kconfig"));
        Assert.Contains("config MCU_KWS", kconfig);
        Assert.Contains("\tbool \"Int8 neural network kws\"", kconfig);
    }

    [Fact]
    public void A_platformio_library_names_sources_that_are_there()
    {
        string place = Compile("kws", "platformio");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(place, "library.json")));
        JsonElement root = document.RootElement;
        Assert.All((string[])["name", "version", "description", "license", "headers"], key => Assert.NotEmpty(root.GetProperty(key).GetString()!));
        Assert.Matches(@"^\d+\.\d+\.\d+$", root.GetProperty("version").GetString());
        Assert.Equal(["+<*.c>", "+<mcu/*.c>"], root.GetProperty("build").GetProperty("srcFilter").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(["-Imcu"], root.GetProperty("build").GetProperty("flags").EnumerateArray().Select(e => e.GetString()));
        Assert.True(File.Exists(Path.Combine(place, root.GetProperty("headers").GetString()!)));
    }

    /// <summary>As PlatformIO builds it: sources by the filter below <c>srcDir</c>, with the library's flags, which its users get too.</summary>
    [Fact]
    public void A_platformio_library_compiles_with_its_own_sources_folders_and_flags()
    {
        Assert.SkipUnless(Programs.Has("cc"), NeedsCMake);
        string place = Compile("kws", "platformio");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(place, "library.json")));
        JsonElement build = document.RootElement.GetProperty("build");
        string sources = Path.Combine(place, build.GetProperty("srcDir").GetString()!);
        string[] flags = [.. build.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!), "-I" + build.GetProperty("includeDir").GetString()];
        IEnumerable<string> files = build.GetProperty("srcFilter").EnumerateArray().Select(filter => filter.GetString()![2..^1])
            .SelectMany(filter => Directory.EnumerateFiles(Path.Combine(sources, Path.GetDirectoryName(filter)!), Path.GetFileName(filter)));
        Write("main.c", Samples.Source(Path.GetFileNameWithoutExtension(document.RootElement.GetProperty("headers").GetString()!)));
        new Sdk(place).Run("cc", ["-std=c99", .. flags, "../main.c", .. files, "-lm", "-o", "../app"]);

        Assert.Equal("ok", new Sdk(folder).Run(Path.Combine(folder, "app")));
    }

    /// <summary>Keys that the component manager knows, and a version that it can compare.</summary>
    [Fact]
    public void An_esp_idf_component_has_version_description_and_licence()
    {
        string place = Compile("kws", "esp-idf");
        Dictionary<string, string> keys = File.ReadAllLines(Path.Combine(place, "idf_component.yml"))
            .Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => JsonSerializer.Deserialize<string>(pair[1])!, StringComparer.Ordinal);
        Assert.Equal(["description", "license", "version"], keys.Keys.Order(StringComparer.Ordinal));
        Assert.Matches(@"^\d+\.\d+\.\d+$", keys["version"]);
        Assert.Equal("Apache-2.0", keys["license"]);
        Assert.Equal("Int8 neural network kws, emitted by mcu", keys["description"]);
    }

    [Fact]
    public void An_arduino_library_has_every_source_in_src_and_compiles_with_that_folder_alone()
    {
        Assert.SkipUnless(Programs.Has("cc"), NeedsCMake);
        string place = Compile("kws", "arduino");
        Dictionary<string, string> properties = File.ReadAllLines(Path.Combine(place, "library.properties"))
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        Assert.All((string[])["name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"], key => Assert.Contains(key, properties.Keys));
        Assert.Equal("Data Processing", properties["category"]);
        Assert.True(Uri.IsWellFormedUriString(properties["url"], UriKind.Absolute));
        Assert.True(File.Exists(Path.Combine(place, "src", properties["includes"])));
        Assert.Empty(Directory.EnumerateFiles(place, "*.[ch]"));
        Write("main.c", Samples.Source("kws"));
        var shell = new Sdk(folder);
        shell.Run("cc", ["-std=c99", "-I", "kws/src", "main.c", .. Directory.EnumerateFiles(Path.Combine(place, "src"), "*.c"), "-lm", "-o", "app"]);

        Assert.Equal("ok", shell.Run(Path.Combine(folder, "app")));
        // What other commands read is the manifest, which knows where the files are.
        Assert.Equal(0, CommandLineTests.InProcess("inspect", place).ExitCode);
    }

    /// <summary>Rules of the schema of pack descriptions 1.7: elements and their order, attributes, values of Cclass and category.</summary>
    [Fact]
    public void A_cmsis_pack_description_keeps_the_rules_of_its_schema()
    {
        string place = Compile("kws", "cmsis-pack");
        XElement package = XDocument.Load(Path.Combine(place, "Mcu.kws.pdsc")).Root!;
        Assert.Equal("package", package.Name.LocalName);
        Assert.Equal("1.7.7", package.Attribute("schemaVersion")!.Value);
        Assert.Equal(["vendor", "name", "description", "url", "releases", "components"], package.Elements().Select(element => element.Name.LocalName));
        Assert.Equal("Mcu.kws", $"{package.Element("vendor")!.Value}.{package.Element("name")!.Value}");
        XElement component = Assert.Single(package.Element("components")!.Elements("component"));
        Assert.Equal("Machine Learning", component.Attribute("Cclass")!.Value);
        Assert.Equal(["description", "files"], component.Elements().Select(element => element.Name.LocalName));
        XElement[] files = [.. component.Element("files")!.Elements("file")];
        Assert.All(files, file => Assert.Contains(file.Attribute("category")!.Value, (string[])["header", "include", "source"]));
        Assert.All(files.Where(file => file.Attribute("category")!.Value != "include"), file => Assert.True(File.Exists(Path.Combine(place, file.Attribute("name")!.Value))));
        Assert.All(files.Where(file => file.Attribute("category")!.Value == "include"), file => Assert.EndsWith("/", file.Attribute("name")!.Value, StringComparison.Ordinal));
        string[] sources = [.. Directory.EnumerateFiles(place, "*.c", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(place, file)).Order(StringComparer.Ordinal)];
        Assert.Equal(sources, files.Where(file => file.Attribute("category")!.Value == "source").Select(file => file.Attribute("name")!.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Files_of_a_form_go_when_the_form_is_no_longer_asked_for()
    {
        Compile("kws", "zephyr", "arduino");
        string place = Compile("kws");
        Assert.False(File.Exists(Path.Combine(place, "library.properties")));
        Assert.False(File.Exists(Path.Combine(place, "zephyr/module.yml")));
        Assert.False(File.Exists(Path.Combine(place, "src/kws.c")));
        Assert.True(File.Exists(Path.Combine(place, "kws.c")));
    }

    private string Compile(string name, params string[] forms)
    {
        string place = Path.Combine(folder, name);
        ToolRun run = CommandLineTests.InProcess(
        [
            "compile", DemoFiles.Base, "--name", name, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-bitfit"), "-o", place,
            .. forms.SelectMany(form => (string[])["--form", form]),
        ]);
        Assert.Equal(0, run.ExitCode);
        return place;
    }

    private void Write(string file, string text)
    {
        string path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
