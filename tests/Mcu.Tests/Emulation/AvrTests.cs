using Mcu.Emulation;
using Mcu.Generator.Diagnostics;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation;

/// <summary>AVR firmware in QEMU: exact measurements, failures by name, and what an ATmega has no room for.</summary>
public sealed class AvrTests
{
    private const string Target = "atmega2560";

    [Fact]
    public async Task Instructions_and_stack_of_each_call_are_exact()
    {
        // net->arena, its first byte: 5 instructions; two a turn; 3 to write below the stack pointer by way of a push and a pop; 3 more.
        using var model = new FakeModel(
            """
            __asm(".section .text.fake_run, \"ax\"\n .global fake_run\n .type fake_run, @function\n"
                  "fake_run:\n movw r30, r24\n ld r26, Z\n ldd r27, Z+1\n ld r18, X\n"
                  "1: dec r18\n brne 1b\n"
                  " push r18\n push r18\n pop r18\n pop r18\n ldi r24, 0\n ldi r25, 0\n ret\n"
                  " .size fake_run, . - fake_run\n");
            """);
        RunResult result = await Bench.RunAsync(model, Target, [1, 0, 0, 0, 2, 0, 0, 0, 255, 0, 0, 0]);
        Assert.Equal<long>([11 + 2, 11 + 4, 11 + 510], result.InstructionsPerSample);
        Assert.Equal<int>([5, 5, 5], result.StackBytesPerSample); // a return address of 3 bytes and two pushed
    }

    [Theory]
    [InlineData("volatile uint8_t room[2000]; for (int i = 1999; i >= 0; i--) { room[i] = 1; }", "MCU1034", "needs more than the 1024 bytes of stack")]
    [InlineData("volatile uint8_t room[1400]; room[0] = 1;", "MCU1034", "needs more than the 1024 bytes of stack")]
    [InlineData("__asm volatile(\"jmp 8\");", "MCU1033", "the interrupt vectors")]
    [InlineData("void (*volatile function)(void) = 0; function(); net->arena[4] = 1;", "MCU1033", "called a null pointer, called from fake_run")]
    [InlineData("net->arena[FAKE_ARENA_BYTES] = 1;", "MCU1040", "just outside its arena")]
    [InlineData("return 7;", "MCU1031", "returned 7")]
    public async Task A_failure_is_named(string statement, string code, string words)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " return 0; }");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.RunAsync(model, Target, [0, 0, 0, 0]));
        Assert.Equal((code, $"target {Target}, sample 0"), (diagnostic.Code, diagnostic.Location));
        Assert.Contains(words, diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_that_does_not_fit_the_memory_is_refused_by_name()
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { static volatile uint8_t room[9000]; room[0] = 1; (void)net; return 0; }");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.RunAsync(model, Target, [0, 0, 0, 0]));
        Assert.Equal(("MCU1022", $"target {Target}"), (diagnostic.Code, diagnostic.Location));
    }

    [Fact]
    public void Delta_images_are_refused_for_AVR()
    {
        string output = Path.Combine(TestFolder.Create("avr"), "out");
        ToolRun run = CommandLineTests.InProcess(
            "compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--target", Target, "--deltas", "1", "-o", output);
        Assert.Contains("MCU1090", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void Constants_beyond_the_reach_of_pointers_are_refused()
    {
        string output = Path.Combine(TestFolder.Create("avr"), "out");
        ToolRun run = CommandLineTests.InProcess("compile", TestData.Shared("mlperf-tiny/ad_int8.tflite"), "--target", Target, "-o", output);
        Assert.Contains("MCU1091", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }
}
