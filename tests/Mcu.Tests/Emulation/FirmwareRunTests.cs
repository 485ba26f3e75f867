using Mcu.Emulation;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation;

public class FirmwareRunTests
{
    [Theory]
    [MemberData(nameof(Bench.AllTargets), MemberType = typeof(Bench))]
    public async Task Every_sample_gets_its_output_on_every_target(string target)
    {
        using var model = new FakeModel();
        byte[] inputs = [1, 2, 3, 4, 0x7f, 0xff, 0x80, 0, 9, 8, 7, 6];

        RunResult result = await Bench.RunAsync(model, target, inputs);

        Assert.Equal(3, result.Samples);
        Assert.Equal<byte>([2, 3, 4, 5, 0x80, 0, 0x81, 1, 10, 9, 8, 7], result.Outputs);
        Assert.Equal(3, result.StackBytesPerSample.Length);
        Assert.Equal(target == "host" ? 0 : 3, result.InstructionsPerSample.Length);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task The_chosen_adapter_is_active(string target)
    {
        using var model = new FakeModel();
        RunResult result = await Bench.RunAsync(model, target, [1, 2, 3, 4], new RunOptions { AdapterIndex = 1 });
        Assert.Equal<byte>([3, 4, 5, 6], result.Outputs);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task Folders_with_spaces_commas_and_quotes_work_and_stay_untouched(string target)
    {
        using var model = new FakeModel(folderName: "my model, 'new' \"é\"");
        string[] before = Files(model);

        RunResult result = await Bench.RunAsync(model, target, [1, 2, 3, 4]);

        Assert.Equal<byte>([2, 3, 4, 5], result.Outputs);
        Assert.Equal(before, Files(model));
    }

    [Fact]
    public async Task Initialised_and_zeroed_data_are_set_up_before_the_network_runs()
    {
        using var model = new FakeModel(
            """
            static int table[3] = {5, 6, 7};
            static int zeroed[100];
            int fake_run(fake_t *net) {
                int sum = 0;
                for (int i = 0; i < 100; i++) {
                    sum += zeroed[i];
                }
                for (int i = 0; i < 4; i++) {
                    net->arena[4 + i] = (int8_t)(i < 3 ? table[i] : sum);
                }
                return 0;
            }
            """);
        RunResult result = await Bench.RunAsync(model, "cortex-m3", [0, 0, 0, 0]);
        Assert.Equal<byte>([5, 6, 7, 0], result.Outputs);
    }

    [Theory]
    [InlineData("cortex-m33")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m7")]
    [InlineData("cortex-m55")]
    [InlineData("cortex-m85")]
    public async Task Floating_point_hardware_is_switched_on(string target)
    {
        using var model = new FakeModel(
            """
            int fake_run(fake_t *net) {
                volatile float factor = 1.5f;
                for (int i = 0; i < 4; i++) {
                    net->arena[4 + i] = (int8_t)((float)net->arena[i] * factor);
                }
                return 0;
            }
            """);
        RunResult result = await Bench.RunAsync(model, target, [2, 4, 6, 8]);
        Assert.Equal<byte>([3, 6, 9, 12], result.Outputs);
    }

    [Fact]
    public async Task A_thousand_samples_take_one_process()
    {
        using var model = new FakeModel();
        byte[] inputs = [.. Enumerable.Range(0, 4000).Select(i => (byte)(i * 7))];

        RunResult result = await Bench.RunAsync(model, "cortex-m4", inputs);

        Assert.Equal([.. inputs.Select(value => (byte)(value + 1))], result.Outputs);
        Assert.Single(result.InstructionsPerSample.Distinct());
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 1, 2, 3, 4, 5 })]
    public async Task An_input_of_no_or_broken_samples_is_refused(byte[] inputs)
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "host");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.Runner(model).RunAsync(image, inputs));
        Assert.Equal("MCU1084", diagnostic.Code);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public async Task An_adapter_that_is_not_there_is_refused_with_those_there_are(int index)
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "host");
        Diagnostic diagnostic = await Bench.FailureAsync(
            () => Bench.Runner(model).RunAsync(image, new byte[4], new RunOptions { AdapterIndex = index }));
        Assert.Equal("MCU1085", diagnostic.Code);
        Assert.Contains("1 accent", diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notes_say_that_armv6m_code_runs_on_another_core()
    {
        using var model = new FakeModel();
        RunResult result = await Bench.RunAsync(model, "cortex-m0plus", [1, 2, 3, 4]);
        Assert.Contains(result.Notes, note => note.Contains("mps2-an385", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sanitizers_can_be_added_on_the_host()
    {
        using var model = new FakeModel(
            """
            #include <stdlib.h>
            int fake_run(fake_t *net) {
                volatile int8_t *heap = malloc(4);
                net->arena[4] = heap[4 + (net->arena[0] != 0)];
                free((void *)heap);
                return 0;
            }
            """);
        var options = new BuildOptions { ExtraCFlags = ["-fsanitize=address", "-g0"] };
        FirmwareImage image = await Bench.BuildAsync(model, "host", options);
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.Runner(model).RunAsync(image, new byte[4]));
        Assert.Equal("MCU1037", diagnostic.Code);
        Assert.Contains("heap-buffer-overflow", diagnostic.Message, StringComparison.Ordinal);
    }

    private static string[] Files(FakeModel model) =>
        [.. Directory.EnumerateFileSystemEntries(model.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
