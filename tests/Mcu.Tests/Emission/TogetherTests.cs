using System.Globalization;
using System.Text;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>
/// One program with three networks that share the runtime's files and one arena, and two instances of one network that run
/// interleaved; with and without sanitizers.
/// </summary>
public sealed class TogetherTests
{
    private static readonly string[] Networks = ["images", "vectors", "tokens"];

    public static TheoryData<string, string> Builds => new()
    {
        { "gcc", "" },
        { "gcc", "-fsanitize=address,undefined" },
        { "clang", "-fsanitize=address,undefined" },
    };

    [Theory]
    [MemberData(nameof(Builds))]
    public async Task Networks_share_runtime_and_arena_and_instances_interleave(string compiler, string sanitizers)
    {
        string folder = TestFolder.Create("together");
        var expected = new StringBuilder();
        var main = new StringBuilder("#include <stdio.h>\n#include <string.h>\n#include \"images.h\"\n#include \"vectors.h\"\n#include \"tokens.h\"\n#define LARGER(a, b) ((a) > (b) ? (a) : (b))\n")
            .Append("#define ARENA_BYTES LARGER(TOKENS_ARENA_BYTES, LARGER(IMAGES_ARENA_BYTES, VECTORS_ARENA_BYTES))\n")
            .Append("static uint32_t shared_arena[ARENA_BYTES / 4], other_arena[IMAGES_ARENA_BYTES / 4];\n")
            .Append("static images_t other;\nstatic const int8_t *other_input;\nstatic int failures;\n")
            .Append(Show("images")).Append(Show("vectors")).Append(Show("tokens"))
            .Append("static int8_t other_output[IMAGES_OUTPUT_LEN];\n")
            .Append("static void hook(void *user, int layer, int phase)\n{\n    (void)layer;\n    if (phase == 1) {\n")
            .Append("        memcpy(images_input(user), other_input, IMAGES_INPUT_LEN);\n        failures += images_run(user) != MCU_OK;\n")
            .Append("        failures += memcmp(images_output(user), other_output, IMAGES_OUTPUT_LEN) != 0;\n    }\n}\n");
        var body = new StringBuilder("int main(void)\n{\n    images_t images;\n    vectors_t vectors;\n    tokens_t tokens;\n")
            .Append("    if (images_init(&images, shared_arena, sizeof shared_arena) || vectors_init(&vectors, shared_arena, sizeof shared_arena) || tokens_init(&tokens, shared_arena, sizeof shared_arena) || images_init(&other, other_arena, sizeof other_arena)) {\n        return 2;\n    }\n");
        foreach (string network in Networks)
        {
            Int8Model model = TinyModels.Of(network);
            Add(folder, Firmware.Emit(model, "host", network));
            for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
            {
                TensorValue input = Input(model, adapter);
                Declare(main, $"{network}_{adapter}", input);
                body.Append(CultureInfo.InvariantCulture, $"    show_{network}(&{network}, {adapter}, input_{network}_{adapter});\n");
                expected.Append(Line(Int8Reference.Run(model, input, adapter)));
            }
        }

        Int8Model first = TinyModels.Of("images");
        main.Append("static const int8_t other_expected[] = {").AppendJoin(", ", Int8Reference.Run(first, Input(first, 1), 1).Int8).Append("};\n");
        body.Append("    memcpy(other_output, other_expected, sizeof other_output);\n    other_input = input_images_1;\n    images_adapter_select(&other, 1);\n")
            .Append("    images_set_hook(&images, hook, &other);\n    show_images(&images, 2, input_images_2);\n    return failures;\n}\n");
        expected.Append(Line(Int8Reference.Run(first, Input(first, 2), 2)));
        await File.WriteAllTextAsync(Path.Combine(folder, "main.c"), main.Append(body).ToString(), TestContext.Current.CancellationToken);

        string program = Path.Combine(folder, "program");
        string[] sources = [.. Directory.EnumerateFiles(folder, "*.c", SearchOption.AllDirectories)];
        string[] flags = sanitizers.Length == 0 ? [] : [sanitizers, "-fno-sanitize-recover=all", "-g"];
        Assert.Equal("", await Compilers.RunAsync(compiler, ["-std=c99", "-O1", .. flags, "-I", folder, "-I", Path.Combine(folder, "mcu"), .. sources, "-o", program, "-lm"]));
        (int exit, string output, string errors) = await Compilers.ProcessAsync(program, []);

        Assert.Equal((0, expected.ToString(), ""), (exit, output, errors));
    }

    private static string Show(string network)
    {
        string macro = network.ToUpperInvariant();
        return $$"""
            static void show_{{network}}({{network}}_t *net, int adapter, const int8_t *input)
            {
                failures += {{network}}_adapter_select(net, adapter) != MCU_OK;
                memcpy({{network}}_input(net), input, {{macro}}_INPUT_LEN);
                failures += {{network}}_run(net) != MCU_OK;
                for (int i = 0; i < {{macro}}_OUTPUT_LEN; i++) {
                    printf("%d ", {{network}}_output(net)[i]);
                }
                printf("\n");
            }

            """;
    }

    /// <summary>A runtime file that two networks use must be the same file.</summary>
    private static void Add(string folder, SortedDictionary<string, string> files)
    {
        foreach ((string path, string text) in files.Where(f => !f.Key.EndsWith("json", StringComparison.Ordinal) && !f.Key.EndsWith("txt", StringComparison.Ordinal)))
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            Assert.True(!File.Exists(file) || File.ReadAllText(file) == text, path);
            File.WriteAllText(file, text);
        }
    }

    private static TensorValue Input(Int8Model model, int seed)
    {
        Shape shape = model.Graph[model.Graph.Inputs[0]].Shape;
        var random = new Random(seed);
        return new TensorValue(shape, [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (sbyte)random.Next(-128, 128))]);
    }

    private static void Declare(StringBuilder text, string name, TensorValue input) =>
        text.Append(CultureInfo.InvariantCulture, $"static const int8_t input_{name}[] = {{").AppendJoin(", ", input.Int8).Append("};\n");

    private static string Line(TensorValue output) => string.Concat(output.Int8.Select(v => v.ToString(CultureInfo.InvariantCulture) + " ")) + "\n";
}
