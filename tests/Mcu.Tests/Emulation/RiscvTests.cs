using Mcu.Emulation;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Emulation;

/// <summary>RV32 firmware in QEMU: exact measurements, faults by name.</summary>
public sealed class RiscvTests
{
    [Theory]
    [InlineData("rv32imc")]
    [InlineData("rv32imac")]
    public async Task Instructions_and_stack_of_each_call_are_exact(string target)
    {
        // Two loads, two instructions a turn, a frame of 96 bytes whose lowest word is written, four more instructions.
        using var model = new FakeModel(
            """
            __asm(".text\n .global fake_run\n .type fake_run, @function\n"
                  "fake_run:\n lw a1, 0(a0)\n lbu a1, 0(a1)\n"
                  "1: addi a1, a1, -1\n bnez a1, 1b\n"
                  " addi sp, sp, -96\n sw zero, 0(sp)\n addi sp, sp, 96\n li a0, 0\n ret\n"
                  " .size fake_run, . - fake_run\n");
            """);
        RunResult result = await Bench.RunAsync(model, target, [1, 0, 0, 0, 2, 0, 0, 0, 255, 0, 0, 0]);
        Assert.Equal<long>([7 + 2, 7 + 4, 7 + 510], result.InstructionsPerSample);
        Assert.Equal<int>([96, 96, 96], result.StackBytesPerSample);
    }

    [Theory]
    [InlineData("*(volatile int *)0x50000000u = 1;", "wrote to memory that the target does not have, or to flash at 0x50000000", "in fake_run")]
    [InlineData("*(volatile int *)0x80000000u = 1;", "or to flash at 0x80000000", "in fake_run")]
    [InlineData("net->arena[4] = *(volatile int8_t *)4u;", "accessed memory that the target does not have at 0x00000004", "in fake_run")]
    [InlineData("__asm volatile(\"unimp\");", "executed an undefined instruction", "in fake_run")]
    [InlineData("((void (*)(void))(net->adapter + 2))();", "executed where no code is at 0x00000002", "called from fake_run")]
    public async Task A_fault_is_named_with_cause_address_and_function(string statement, string cause, string place)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " return 0; }");
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.RunAsync(model, "rv32imac", [0, 0, 0, 0]));
        Assert.Equal(("MCU1033", "target rv32imac, sample 0"), (diagnostic.Code, diagnostic.Location));
        Assert.Contains(cause, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains(place, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("pc=", diagnostic.Message, StringComparison.Ordinal);
    }
}
