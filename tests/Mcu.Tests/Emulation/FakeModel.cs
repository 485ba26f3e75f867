using System.Globalization;
using Mcu.Generator.Emit;
using Mcu.Generator.Graphs;

namespace Mcu.Tests.Emulation;

/// <summary>
/// A hand-written network of four int8 inputs and outputs in the form that the emitter writes: a folder that is deleted
/// at the end. <c>fake_run</c> is what the test gives; the adapter's index is added to each output by the default one.
/// </summary>
internal sealed class FakeModel : IDisposable
{
    public const int Elements = 4;

    /// <summary>output[i] = input[i] + 1 + adapter.</summary>
    public const string AddOne =
        """
        int fake_run(fake_t *net) {
            for (int i = 0; i < 4; i++) {
                net->arena[4 + i] = (int8_t)(net->arena[i] + 1 + net->adapter);
            }
            return 0;
        }
        """;

    private const string Header =
        """
        #ifndef FAKE_H
        #define FAKE_H
        #include <stddef.h>
        #include <stdint.h>
        #define FAKE_INPUT_LEN 4
        #define FAKE_OUTPUT_LEN 4
        #define FAKE_INPUT_BYTES 4
        #define FAKE_OUTPUT_BYTES 4
        #define FAKE_ARENA_BYTES 64
        #define FAKE_ARENA_ALIGNMENT 16
        typedef struct { int8_t *arena; int adapter; } fake_t;
        int fake_init(fake_t *net, void *arena, size_t arena_bytes);
        int fake_adapter_select(fake_t *net, int index);
        int8_t *fake_input(const fake_t *net);
        int8_t *fake_output(const fake_t *net);
        int fake_run(fake_t *net);
        #endif
        """;

    private const string Interface =
        """
        #include "fake.h"
        int fake_init(fake_t *net, void *arena, size_t arena_bytes) {
            net->arena = arena;
            net->adapter = 0;
            return arena_bytes >= FAKE_ARENA_BYTES && ((uintptr_t)arena % FAKE_ARENA_ALIGNMENT) == 0 ? INIT_STATUS : 1;
        }
        int fake_adapter_select(fake_t *net, int index) {
            net->adapter = index;
            return SELECT_STATUS;
        }
        int8_t *fake_input(const fake_t *net) { return net->arena; }
        int8_t *fake_output(const fake_t *net) { return net->arena + 4; }
        """;

    private readonly DirectoryInfo parent = Directory.CreateTempSubdirectory("mcu-test-");

    /// <param name="run">C text with <c>fake_run</c>.</param>
    /// <param name="folderName">Name of the emitted folder.</param>
    public FakeModel(string run = AddOne, string folderName = "emitted", int initStatus = 0, int selectStatus = 0)
    {
        Folder = Path.Combine(parent.FullName, folderName);
        Directory.CreateDirectory(Path.Combine(Folder, "mcu"));
        Write("fake.h", Header);
        Write("fake.c", "#include \"mcu/version.h\"\n" + Interface);
        Write("mcu/run.c", "#include \"fake.h\"\n" + run + "\n");
        Write("mcu/version.h", "/* nothing */\n");
        Manifest = CreateManifest() with
        {
            CompileDefinitions = [Status("INIT_STATUS", initStatus), Status("SELECT_STATUS", selectStatus)],
        };
        Write(EmittedManifest.FileName, Manifest.ToJson());
    }

    public string Folder { get; }

    public string CacheFolder => Path.Combine(parent.FullName, "cache, own");

    public EmittedManifest Manifest { get; }

    public static EmittedManifest CreateManifest() => new()
    {
        Name = "fake",
        Prefix = "fake",
        ToolVersion = "0.0.0",
        Target = "cortex-m4",
        Header = "fake.h",
        Sources = ["fake.c", "mcu/run.c"],
        IncludeDirs = ["."],
        CompileDefinitions = [],
        Input = new EmittedPort { Type = "int8", Shape = [1, Elements], Bytes = Elements, Scale = 0.5, ZeroPoint = -3 },
        Output = new EmittedPort { Type = "int8", Shape = [1, Elements], Bytes = Elements, Scale = 0.25, ZeroPoint = 0 },
        ArenaBytes = 64,
        WeightBytes = 0,
        AdapterBytes = 0,
        Adapters = [new EmittedAdapter { Index = 0, Name = "NONE" }, new EmittedAdapter { Index = 1, Name = "accent" }],
        ModelSha256 = new string('0', 64),
        Layers = ["only"],
    };

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);

    public void Append(string name, string text) => File.AppendAllText(Path.Combine(Folder, name), text);

    public void Dispose() => parent.Delete(recursive: true);

    private static string Status(string name, int value) => name + "=" + value.ToString(CultureInfo.InvariantCulture);
}
