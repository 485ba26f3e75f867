using Mcu.Emulation;
using Mcu.Emulation.Building;
using Mcu.Emulation.Qemu;

namespace Mcu.Tests.Emulation;

/// <summary>Instruction counts and stack of hand-written assembly, whose numbers are counted in the comments.</summary>
public class MeasurementTests
{
    /// <summary>r0 is the network, whose first word is the arena; the first input byte is the number of rounds.</summary>
    private const string Loop =
        """
        __asm(".syntax unified\n .thumb\n .text\n .global fake_run\n .type fake_run, %function\n"
              "fake_run:\n"
              "  ldr r1, [r0]\n"      // 1
              "  ldrb r1, [r1]\n"     // 1
              "1: subs r1, r1, #1\n"  // rounds
              "  bne 1b\n"            // rounds
              "  movs r0, #0\n"       // 1
              "  bx lr\n"             // 1
              "  .size fake_run, . - fake_run\n");
        """;

    /// <summary>Pushes 20 bytes, takes 100 more, writes the lowest word.</summary>
    private const string KnownFrame =
        """
        __asm(".syntax unified\n .thumb\n .text\n .global fake_run\n .type fake_run, %function\n"
              "fake_run:\n"
              "  push {r4, r5, r6, r7, lr}\n"
              "  sub sp, #100\n"
              "  movs r1, #1\n"
              "  str r1, [sp]\n"
              "  movs r0, #0\n"
              "  add sp, #100\n"
              "  pop {r4, r5, r6, r7, pc}\n"
              "  .size fake_run, . - fake_run\n");
        """;

    [Theory]
    [MemberData(nameof(Bench.ArmTargets), MemberType = typeof(Bench))]
    public async Task Instructions_of_each_call_are_exact(string target)
    {
        using var model = new FakeModel(Loop);
        byte[] inputs = [1, 0, 0, 0, 2, 0, 0, 0, 255, 0, 0, 0, 100, 0, 0, 0];

        RunResult result = await Bench.RunAsync(model, target, inputs);

        Assert.Equal<long>([4 + 2, 4 + 4, 4 + 510, 4 + 200], result.InstructionsPerSample);
        Assert.Equal(4 + 200, result.MaxInstructions!.Value - 310);
        Assert.Equal(8, result.MedianInstructions);
    }

    [Fact]
    public async Task Blocks_longer_than_a_translation_and_skipped_conditions_are_counted()
    {
        // 2000 no-operations do not fit one translation block; each instruction of an IT block counts, executed or not.
        using var model = new FakeModel(
            """
            __asm(".syntax unified\n .thumb\n .text\n .global fake_run\n .type fake_run, %function\n"
                  "fake_run:\n"
                  "  .rept 2000\n  nop\n  .endr\n"  // 2000
                  "  movs r0, #0\n"                 // 1
                  "  cmp r0, #1\n"                  // 1
                  "  itte eq\n"                     // 1
                  "  addeq r1, r1, #1\n"            // 1, skipped
                  "  addeq r1, r1, #1\n"            // 1, skipped
                  "  movne r2, #3\n"                // 1
                  "  push {r4, lr}\n"               // 1
                  "2: bl 3f\n"                      // 3
                  "  subs r2, r2, #1\n"             // 3
                  "  bne 2b\n"                      // 3
                  "  pop {r4, pc}\n"                // 1
                  "3: bx lr\n"                      // 3
                  "  .size fake_run, . - fake_run\n");
            """);
        RunResult result = await Bench.RunAsync(model, "cortex-m4", [0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal<long>([2020, 2020], result.InstructionsPerSample);
    }

    [Fact]
    public async Task Low_overhead_loops_and_vectors_are_counted()
    {
        using var model = new FakeModel(
            """
            __asm(".syntax unified\n .thumb\n .text\n .global fake_run\n .type fake_run, %function\n"
                  "fake_run:\n"
                  "  push {r4, lr}\n"            // 1
                  "  movs r1, #10\n"             // 1
                  "  dls lr, r1\n"               // 1
                  "1: vadd.i32 q0, q0, q0\n"     // 10
                  "  le lr, 1b\n"                // 10
                  "  movs r0, #0\n"              // 1
                  "  pop {r4, pc}\n"             // 1
                  "  .size fake_run, . - fake_run\n");
            """);
        RunResult result = await Bench.RunAsync(model, "cortex-m55", [0, 0, 0, 0]);
        Assert.Equal<long>([25], result.InstructionsPerSample);
    }

    [Fact]
    public async Task The_counter_without_inline_operations_agrees()
    {
        using var model = new FakeModel(Loop);
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        var emulator = new QemuEmulator(new ToolProbe(), new CacheFolder(model.CacheFolder), "-DMCU_PLUGIN_CALLBACKS");
        RunResult result = await emulator.RunAsync(image, new byte[] { 255, 0, 0, 0 }, new RunOptions(), default);
        Assert.Equal<long>([514], result.InstructionsPerSample);
    }

    [Theory]
    [MemberData(nameof(Bench.ArmTargets), MemberType = typeof(Bench))]
    public async Task Stack_of_a_known_frame_is_exact(string target)
    {
        using var model = new FakeModel(KnownFrame);
        RunResult result = await Bench.RunAsync(model, target, [0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal<int>([120, 120], result.StackBytesPerSample);
    }

    [Theory]
    [MemberData(nameof(Bench.ArmTargets), MemberType = typeof(Bench))]
    public async Task A_call_without_stack_is_measured_as_zero(string target)
    {
        using var model = new FakeModel(Loop);
        RunResult result = await Bench.RunAsync(model, target, [1, 0, 0, 0]);
        Assert.Equal<int>([0], result.StackBytesPerSample);
    }

    [Fact]
    public async Task Stack_on_the_host_is_at_least_the_frame_and_not_much_more()
    {
        using var model = new FakeModel(
            """
            int fake_run(fake_t *net) {
                volatile char frame[5000];
                for (int i = 0; i < 5000; i++) {
                    frame[i] = (char)i;
                }
                net->arena[4] = frame[0];
                return 0;
            }
            """);
        RunResult result = await Bench.RunAsync(model, "host", [0, 0, 0, 0]);
        Assert.InRange(result.MaxStackBytes, 5000, 5600);
    }

    [Fact]
    public async Task A_profile_gives_each_function_its_instructions()
    {
        using var model = new FakeModel(
            """
            __asm(".syntax unified\n .thumb\n .text\n .global fake_run\n"
                  ".type helper, %function\n"
                  "helper:\n"
                  "  nop\n  nop\n  bx lr\n"   // 3 per call, 5 calls
                  "  .size helper, . - helper\n"
                  ".type fake_run, %function\n"
                  "fake_run:\n"
                  "  push {r4, lr}\n"         // 1
                  "  movs r4, #5\n"           // 1
                  "1: bl helper\n"            // 5
                  "  subs r4, r4, #1\n"       // 5
                  "  bne 1b\n"                // 5
                  "  movs r0, #0\n"           // 1
                  "  pop {r4, pc}\n"          // 1
                  "  .size fake_run, . - fake_run\n");
            """);
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m0plus");

        FirmwareProfile profile = await Bench.Runner(model).ProfileAsync(image, new byte[8]);

        Assert.Equal(2, profile.Calls);
        Assert.Equal(2 * (19 + 15), profile.TotalInstructions);
        Assert.Equal<SymbolCount>([new("fake_run", 38), new("helper", 30)], profile.Symbols);
    }

    [Fact]
    public async Task A_profile_on_the_host_is_refused()
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "host");
        Assert.Equal("MCU1088", (await Bench.FailureAsync(() => Bench.Runner(model).ProfileAsync(image, new byte[4]))).Code);
    }
}
