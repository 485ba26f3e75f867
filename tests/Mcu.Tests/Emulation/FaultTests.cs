using Mcu.Emulation;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Emulation;

public class FaultTests
{
    private const string EndlessLoop =
        """
        int fake_run(fake_t *net) {
            for (volatile int i = 0; net->arena[0] == 1; i++) {
            }
            return 0;
        }
        """;

    [Theory]
    [InlineData("cortex-m4", "__asm volatile(\"udf #0\");", "UsageFault: executed an undefined instruction", "in fake_run")]
    [InlineData("cortex-m0plus", "__asm volatile(\"udf #0\");", "HardFault: executed an undefined instruction", "in fake_run")]
    [InlineData("cortex-m3", "*(volatile int *)8 = 1;", "MemManage fault: accessed memory", "in fake_run")]
    [InlineData("cortex-m7", "*(volatile int *)0x50001234u = 1;", "at 0x50001234", "in fake_run")]
    [InlineData("cortex-m55", "*(volatile int *)0x50001234u = 1;", "at 0x50001234", "in fake_run")]
    [InlineData("cortex-m4", "((void (*)(void))0x50000001u)();", "executed where no code is", "called from fake_run")]
    [InlineData("cortex-m4", "volatile int zero = 0; net->adapter = 5 / zero;", "divided by zero", "in fake_run")]
    [InlineData("cortex-m0plus", "(*(volatile int *)(net->arena + 1))++;", "accessed memory unaligned", "in fake_run")]
    [InlineData("microbit", "(*(volatile int *)(net->arena + 1))++;", "HardFault: accessed memory unaligned at 0x2000", "in fake_run")]
    [InlineData("microbit", "*(volatile int *)0x30001234u = 1;", "HardFault: accessed memory that the target does not have at 0x30001234", "in fake_run")]
    [InlineData("microbit", "__asm volatile(\"udf #0\");", "HardFault: of a cause that the core does not record", "in fake_run")]
    public async Task A_processor_fault_is_named_with_its_cause_and_function(string target, string statement, string cause, string place)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " return 0; }");
        Diagnostic diagnostic = await RunToFailureAsync(model, target);
        Assert.Equal("MCU1033", diagnostic.Code);
        Assert.Contains(cause, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains(place, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("pc=", diagnostic.Message, StringComparison.Ordinal);
        Assert.Equal($"target {target}, sample 0", diagnostic.Location);
        Assert.Equal(DiagnosticClass.TargetFailed, DiagnosticClasses.Of(diagnostic));
    }

    [Theory]
    [InlineData("microbit")]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m33")]
    [InlineData("cortex-m55")]
    [InlineData("rv32imac")]
    public async Task A_call_of_a_null_pointer_is_named_with_its_caller(string target)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { void (*volatile function)(void) = 0; function(); return net->arena[0]; }");
        Diagnostic diagnostic = await RunToFailureAsync(model, target);
        Assert.Equal("MCU1033", diagnostic.Code);
        Assert.Contains("called a null pointer, called from fake_run", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Bench.Protected), MemberType = typeof(Bench))]
    public async Task Endless_recursion_is_a_stack_overflow(string target)
    {
        using var model = new FakeModel(
            """
            static int deeper(volatile int8_t *arena) {
                volatile int8_t frame[64];
                frame[0] = arena[0];
                return deeper(frame) + frame[0];
            }
            int fake_run(fake_t *net) { return deeper(net->arena); }
            """);
        Assert.Equal("MCU1034", (await RunToFailureAsync(model, target)).Code);
    }

    [Theory]
    [MemberData(nameof(Bench.Protected), MemberType = typeof(Bench))]
    public async Task A_frame_that_jumps_over_the_stack_is_a_stack_overflow(string target)
    {
        using var model = new FakeModel(
            """
            int fake_run(fake_t *net) {
                volatile int8_t frame[2000000];
                frame[0] = 1;
                net->arena[4] = frame[0];
                return 0;
            }
            """);
        Assert.Equal("MCU1034", (await RunToFailureAsync(model, target)).Code);
    }

    [Fact]
    public async Task A_fault_without_a_handler_is_a_lock_up()
    {
        // The vector table is moved to where no memory is.
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; *(volatile int *)0xE000ED08u = 0x50000000; __asm volatile(\"udf #0\"); return 0; }");
        Diagnostic diagnostic = await RunToFailureAsync(model, "cortex-m4");
        Assert.Equal("MCU1035", diagnostic.Code);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task A_status_that_is_not_zero_is_told_with_its_sample(string target)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { return net->arena[0]; }");
        FirmwareImage image = await Bench.BuildAsync(model, target);
        byte[] inputs = [0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0];
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.Runner(model).RunAsync(image, inputs));
        Assert.Equal("MCU1031", diagnostic.Code);
        Assert.Equal("fake_run returned 7.", diagnostic.Message);
        Assert.Equal($"target {target}, sample 2", diagnostic.Location);
    }

    [Theory]
    [InlineData("host", 3, 0, "MCU1030")]
    [InlineData("cortex-m4", 3, 0, "MCU1030")]
    [InlineData("host", 0, 3, "MCU1032")]
    [InlineData("cortex-m4", 0, 3, "MCU1032")]
    public async Task A_refusal_of_init_or_adapter_is_told(string target, int init, int select, string code)
    {
        using var model = new FakeModel(initStatus: init, selectStatus: select);
        Diagnostic diagnostic = await RunToFailureAsync(model, target);
        Assert.Equal(code, diagnostic.Code);
        Assert.Contains("returned 3", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host", 64)]
    [InlineData("cortex-m4", 64)]
    [InlineData("cortex-m4", -1)]
    public async Task A_write_beside_the_arena_is_found(string target, int index)
    {
        using var model = new FakeModel($"int fake_run(fake_t *net) {{ net->arena[{index}] = 1; return 0; }}");
        Assert.Equal("MCU1040", (await RunToFailureAsync(model, target)).Code);
    }

    [Fact]
    public async Task A_crash_on_the_host_names_the_signal()
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { *(volatile int *)16 = 1; return net->adapter; }");
        Diagnostic diagnostic = await RunToFailureAsync(model, "host");
        Assert.Equal("MCU1037", diagnostic.Code);
        Assert.Contains("SIGSEGV", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task An_endless_loop_ends_at_the_time_limit_and_names_the_sample(string target)
    {
        using var model = new FakeModel(EndlessLoop);
        FirmwareImage image = await Bench.BuildAsync(model, target);
        byte[] inputs = [0, 0, 0, 0, 1, 0, 0, 0];
        var options = new RunOptions { Timeout = TimeSpan.FromSeconds(3) };
        Diagnostic diagnostic = await Bench.FailureAsync(() => Bench.Runner(model).RunAsync(image, inputs, options));
        Assert.Equal("MCU1036", diagnostic.Code);
        Assert.Equal($"target {target}, sample 1", diagnostic.Location);
        Assert.Empty(ProcessesOf(image));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task Cancellation_ends_the_process_and_leaves_no_file(string target)
    {
        using var model = new FakeModel(EndlessLoop);
        FirmwareImage image = await Bench.BuildAsync(model, target);
        byte[] inputs = [1, .. Guid.NewGuid().ToByteArray().AsSpan(0, 15)];
        using var source = new CancellationTokenSource();

        Task<RunResult> run = Bench.Runner(model).RunAsync(image, inputs, null, source.Token);
        while (ProcessesOf(image).Length == 0)
        {
            Assert.False(run.IsCompleted);
            await Task.Delay(50);
        }

        Assert.Single(RunFoldersWith(inputs));
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Empty(ProcessesOf(image));
        Assert.Empty(RunFoldersWith(inputs));
    }

    [Fact]
    public async Task A_build_can_be_cancelled_and_leaves_nothing_in_the_cache()
    {
        using var model = new FakeModel();
        await Bench.BuildAsync(model, "cortex-m4");
        model.Append("fake.h", "\n");
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var target = Mcu.Generator.Targets.TargetCatalog.Load().Get("cortex-m4");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new FirmwareBuilder(new ToolProbe(), model.CacheFolder).BuildAsync(model.Folder, target, null, source.Token));
        Assert.Single(Directory.GetDirectories(Path.Combine(model.CacheFolder, "firmware")));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task An_endless_loop_does_not_outlive_a_parent_that_was_killed(string target)
    {
        using var model = new FakeModel(EndlessLoop);
        FirmwareImage image = await Bench.BuildAsync(model, target);
        byte[] inputs = [1, 0, 0, 0];
        string folder = Directory.CreateTempSubdirectory("mcu-test-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "in.bin"), inputs);
        string command = target == "host"
            ? "\"$1\" 0 & sleep 1"
            : "cp \"$2\"/plugin/*/insn_count.so . ; qemu-system-arm -M mps2-an386 -nodefaults -display none -kernel \"$1\" -semihosting-config enable=on,target=native,arg=mcu,arg=0 -plugin ./insn_count.so,start=0x400,end=0x7ffffff0,out=counts & sleep 1";
        if (target != "host")
        {
            await Bench.Runner(model).RunAsync(image, new byte[4]); // compiles the counter
        }

        var info = new System.Diagnostics.ProcessStartInfo("sh") { WorkingDirectory = folder };
        foreach (string argument in (string[])["-c", command, "sh", image.Path, model.CacheFolder])
        {
            info.ArgumentList.Add(argument);
        }

        using var parent = System.Diagnostics.Process.Start(info)!;
        await parent.WaitForExitAsync();
        for (int i = 0; i < 200 && ProcessesOf(image).Length > 0; i++)
        {
            await Task.Delay(100);
        }

        Assert.True(File.Exists(Path.Combine(folder, "stat.bin")), "the firmware has started");
        Directory.Delete(folder, recursive: true);
        Assert.Empty(ProcessesOf(image));
    }

    private static async Task<Diagnostic> RunToFailureAsync(FakeModel model, string target)
    {
        FirmwareImage image = await Bench.BuildAsync(model, target);
        return await Bench.FailureAsync(() => Bench.Runner(model).RunAsync(image, new byte[FakeModel.Elements]));
    }

    /// <summary>Processes that have the image on their command line; zombies have none.</summary>
    private static string[] ProcessesOf(FirmwareImage image)
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "needs /proc");
        return [.. Directory.EnumerateDirectories("/proc").Where(process => CommandLine(process).Contains(image.Path, StringComparison.Ordinal) && !IsShell(process))];
    }

    private static bool IsShell(string process) => CommandLine(process).StartsWith("sh\0", StringComparison.Ordinal);

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string[] RunFoldersWith(byte[] inputs) =>
    [
        .. Directory.EnumerateDirectories(Path.GetTempPath(), "mcu-run-*")
            .Where(folder => ReadOrEmpty(Path.Combine(folder, "in.bin")).AsSpan().SequenceEqual(inputs)),
    ];

    private static byte[] ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
