using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>Emitted C is free of warnings in a strict set on every compiler and target.</summary>
public sealed class WarningTests
{
    private static readonly string[] Compilers = ["gcc", "clang", "cortex-m0plus", "cortex-m23", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m55", "cortex-m85", "atmega2560"];

    public static TheoryData<string, string> TinyCases => Pairs(["images", "vectors", "tokens"], Compilers);

    public static TheoryData<string, string> PublicCases => Pairs(["kws", "vww", "ic", "ad", "sww"], ["gcc", "cortex-m4"]);

    [Theory]
    [MemberData(nameof(TinyCases))]
    public async Task Tiny_networks_with_adapters_compile_without_warnings(string model, string compiler)
    {
        string target = compiler is "gcc" or "clang" ? "host" : compiler;
        string folder = Firmware.Write(Firmware.Emit(TinyModels.Of(model), target, model));

        Assert.Equal("", await Emission.Compilers.CheckAsync(folder, compiler));
    }

    [Theory]
    [MemberData(nameof(PublicCases))]
    public async Task Public_networks_compile_without_warnings(string model, string compiler)
    {
        string folder = Firmware.Write(GoldenModel.Compile(model, compiler == "gcc" ? "host" : compiler).Files);

        Assert.Equal("", await Emission.Compilers.CheckAsync(folder, compiler));
    }

    [Theory]
    [InlineData("images")]
    [InlineData("vectors")]
    [InlineData("tokens")]
    public async Task A_cpp_compiler_takes_the_header(string model)
    {
        string folder = Firmware.Write(Firmware.Emit(TinyModels.Of(model), "host", model));
        string file = Path.Combine(TestFolder.Create("cpp"), "main.cpp");
        await File.WriteAllTextAsync(
            file,
            $"#include \"{model}.h\"\nint main() {{ {model}_t net; static uint32_t arena[{model.ToUpperInvariant()}_ARENA_BYTES / 4]; return {model}_init(&net, arena, sizeof arena); }}\n",
            TestContext.Current.CancellationToken);

        Assert.Equal("", await Emission.Compilers.RunAsync("g++", ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", folder, "-I", Path.Combine(folder, "mcu"), "-fsyntax-only", file]));
    }

    private static TheoryData<string, string> Pairs(string[] models, string[] compilers)
    {
        var data = new TheoryData<string, string>();
        foreach (string model in models)
        {
            foreach (string compiler in compilers)
            {
                data.Add(model, compiler);
            }
        }

        return data;
    }
}
