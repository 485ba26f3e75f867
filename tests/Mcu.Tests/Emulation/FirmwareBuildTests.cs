using Mcu.Emulation;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation;

public class FirmwareBuildTests
{
    /// <summary>
    /// Five functions of two 16-bit instructions, constants of 1000 bytes (weights), 100 (adapter) and 12 (other), all
    /// referenced by the literals of fake_run, which adds 12 bytes of literals.
    /// </summary>
    private const string KnownSizes =
        """
        __asm(".syntax unified\n .thumb\n"
              ".section .text.fake_run, \"ax\"\n .global fake_run\n .type fake_run, %function\n"
              "fake_run:\n movs r0, #0\n bx lr\n .balign 4\n .word weights, adapter, other\n"
              ".section .text.unused, \"ax\"\n .global unused\n .type unused, %function\n"
              "unused:\n .space 400\n"
              ".section .rodata.mcu_weights_layer0, \"a\"\n weights: .space 1000\n"
              ".section .rodata.mcu_adapter1, \"a\"\n adapter: .space 100\n"
              ".section .rodata.other, \"a\"\n other: .space 12\n");
        """;

    private const string KnownInterface =
        """
        __asm(".syntax unified\n .thumb\n"
              ".macro two name\n .section .text.\\name, \"ax\"\n .global \\name\n .type \\name, %function\n"
              "\\name:\n movs r0, #0\n bx lr\n .endm\n"
              " two fake_init\n two fake_adapter_select\n two fake_input\n two fake_output\n");
        """;

    [Theory]
    [MemberData(nameof(Bench.ArmTargets), MemberType = typeof(Bench))]
    public async Task Sizes_count_what_the_network_needs_and_tell_weights_apart(string target)
    {
        using var model = new FakeModel(KnownSizes);
        model.Write("fake.c", KnownInterface);
        FirmwareImage image = await Bench.BuildAsync(model, target);
        Assert.Equal(new FirmwareSizes((5 * 4) + 12 + 12, 1000, 100, 0, 0), image.Sizes);
    }

    [Fact]
    public async Task Writable_data_is_reported()
    {
        using var model = new FakeModel(
            """
            static volatile int counter = 3;
            static volatile int zeroed[5];
            int fake_run(fake_t *net) { (void)net; counter++; zeroed[counter & 3]++; return 0; }
            """);
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        Assert.Equal((4, 20), (image.Sizes.DataBytes, image.Sizes.BssBytes));
    }

    [Fact]
    public async Task What_the_c_library_adds_counts_as_code()
    {
        using var plain = new FakeModel("int fake_run(fake_t *net) { (void)net; return 0; }");
        using var division = new FakeModel(
            "int fake_run(fake_t *net) { volatile uint64_t a = 7; net->arena[4] = (int8_t)(a / (uint64_t)(net->arena[0] + 1)); return 0; }");
        int without = (await Bench.BuildAsync(plain, "cortex-m3")).Sizes.CodeBytes;
        int with = (await Bench.BuildAsync(division, "cortex-m3")).Sizes.CodeBytes;
        Assert.InRange(with - without, 200, 2000); // the 64-bit division of libgcc
    }

    [Fact]
    public async Task Sizes_on_the_host_tell_weights_apart()
    {
        using var model = new FakeModel(
            """
            __attribute__((section(".rodata.mcu_weights.a"))) const int8_t weights[1000] = {1, 2, 3};
            const struct { const int8_t *at; int count; } layer = {weights, 1000};
            int fake_run(fake_t *net) {
                net->arena[4] = layer.at[net->arena[0] & 127];
                return layer.count - 1000;
            }
            """);
        FirmwareImage image = await Bench.BuildAsync(model, "host");
        Assert.Equal((1000, 0, 0, 0), (image.Sizes.WeightBytes, image.Sizes.AdapterBytes, image.Sizes.DataBytes, image.Sizes.BssBytes));
        Assert.InRange(image.Sizes.CodeBytes, 50, 400);
    }

    [Fact]
    public async Task An_unchanged_folder_is_not_built_again_and_a_changed_one_is()
    {
        using var model = new FakeModel();
        FirmwareImage first = await Bench.BuildAsync(model, "cortex-m4");
        DateTime written = File.GetLastWriteTimeUtc(first.Path);
        FirmwareImage second = await Bench.BuildAsync(model, "cortex-m4");
        Assert.Equal((first.Path, written), (second.Path, File.GetLastWriteTimeUtc(second.Path)));
        Assert.Equal(first.Sizes, second.Sizes);

        model.Write("mcu/version.h", "/* another header that a source includes */\n");
        Assert.NotEqual(first.Path, (await Bench.BuildAsync(model, "cortex-m4")).Path);
    }

    [Fact]
    public async Task Builds_at_the_same_time_share_one_result()
    {
        using var model = new FakeModel();
        FirmwareImage[] images = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Bench.BuildAsync(model, "cortex-m0plus")));
        Assert.Single(images.Select(image => image.Path).Distinct(StringComparer.Ordinal));
        Assert.Equal(
            ["firmware.elf", "harness.c", "harness.h", "harness_model.h", "platform_arm.c", "platform_semihosting.c", "semihosting.h", "sizes.json", "sizes.ld", "start_startup.S", "start_startup.c", "target.ld", "trampoline_arm.S"],
            Directory.GetFileSystemEntries(Path.GetDirectoryName(images[0].Path)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetDirectories(Path.Combine(model.CacheFolder, "firmware")));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task A_source_that_does_not_compile_is_named(string target)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { return net->missing; }");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.BuildAsync(model, target));
        Assert.Equal(("MCU1020", "mcu/run.c"), (diagnostic.Code, diagnostic.Location));
        Assert.Contains("missing", diagnostic.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.Combine(model.CacheFolder, "firmware")));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task A_function_that_is_nowhere_is_named(string target)
    {
        using var model = new FakeModel("int nowhere(void); int fake_run(fake_t *net) { (void)net; return nowhere(); }");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.BuildAsync(model, target));
        Assert.Equal("MCU1021", diagnostic.Code);
        Assert.Contains("nowhere", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_larger_than_the_memory_is_refused()
    {
        using var model = new FakeModel(
            "const int8_t huge[5000000] = {1}; int fake_run(fake_t *net) { net->arena[4] = huge[net->arena[0] + 200]; return 0; }");
        Assert.Equal("MCU1022", (await Bench.FailureAsync(() => Bench.BuildAsync(model, "cortex-m4"))).Code);
    }

    [Fact]
    public async Task A_header_that_contradicts_the_manifest_is_refused()
    {
        using var model = new FakeModel();
        model.Append("fake.h", "\n#undef FAKE_OUTPUT_BYTES\n#define FAKE_OUTPUT_BYTES 8\n");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.BuildAsync(model, "host"));
        Assert.Equal("MCU1020", diagnostic.Code);
        Assert.Contains("manifest", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host", "MCU1001")]
    [InlineData("cortex-m4", "MCU1002")]
    [InlineData("rv32imac", "MCU1008")]
    public async Task A_missing_compiler_is_told_with_the_package_to_install(string target, string code)
    {
        using var model = new FakeModel();
        var builder = new FirmwareBuilder(new ToolProbe(model.Folder), model.CacheFolder);
        Diagnostic diagnostic = await Bench.FailureAsync(() => builder.BuildAsync(model.Folder, TargetCatalog.Load().Get(target)));
        Assert.Equal(code, diagnostic.Code);
        Assert.Contains("apt-get install gcc", diagnostic.Hint, StringComparison.Ordinal);
        Assert.Equal(DiagnosticClass.ToolMissing, DiagnosticClasses.Of(diagnostic));
    }

    [Fact]
    public async Task A_missing_emulator_is_told()
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        var runner = new FirmwareRunner(new ToolProbe(model.Folder), model.CacheFolder);
        Assert.Equal("MCU1004", (await Bench.FailureAsync(() => runner.RunAsync(image, new byte[4]))).Code);
    }
}
