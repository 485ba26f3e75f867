using System.Diagnostics;
using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Renode;
using Mcu.Emulation.Tools;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>A program that is killed takes its emulators with it, whenever that is. The program is this one, started for one test.</summary>
public sealed class OrphanTests
{
    private const string Program = "program";
    private const string EmulatorVariable = "MCU_ORPHAN_OF";
    private const string ImageVariable = "MCU_ORPHAN_IMAGE";
    private const string Temporary = "TMPDIR";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MostToEnd = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="milliseconds">From the moment at which there is an emulator.</param>
    [Theory]
    [InlineData(MachineBench.Qemu, 0)]
    [InlineData(MachineBench.Qemu, 20)]
    [InlineData(MachineBench.Qemu, 1_000)]
    [InlineData(MachineBench.Renode, 0)]
    [InlineData(MachineBench.Renode, 500)]
    [InlineData(Program, 0)]
    [InlineData(Program, 200)]
    public async Task Nothing_is_left_of_a_program_that_is_killed(string emulator, int milliseconds)
    {
        Assert.SkipUnless(Directory.Exists("/proc"), "looks for processes in /proc");
        if (emulator == MachineBench.Renode)
        {
            await MachineBench.NeedRenodeAsync();
        }

        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { } }");
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        string folder = TestFolder.Create("orphans");
        // This program is its own apphost, or its assembly run by dotnet.
        string[] assembly = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(OrphanTests).Assembly.Location] : [];
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. assembly, "-noColor", "-method", "*." + nameof(Starts_and_stays)]) { RedirectStandardOutput = true };
        start.Environment[EmulatorVariable] = emulator;
        start.Environment[ImageVariable] = image.Path;
        start.Environment[Temporary] = folder;
        using Process child = Process.Start(start)!;
        try
        {
            await UntilAsync(() => At(folder).Length > 0 || child.HasExited, Patience);
            Assert.False(child.HasExited, "it ended before an emulator was there");
            await Task.Delay(milliseconds, Cancellation);
            Assert.NotEmpty(At(folder));
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(Cancellation);
        }

        await UntilAsync(() => At(folder).Length == 0, MostToEnd);
        Assert.Empty(At(folder));
    }

    /// <summary>What <see cref="Nothing_is_left_of_a_program_that_is_killed"/> starts and kills.</summary>
    [Fact]
    public async Task Starts_and_stays()
    {
        string? emulator = Environment.GetEnvironmentVariable(EmulatorVariable);
        Assert.SkipWhen(emulator is null, "a part of another test");
        if (emulator == Program)
        {
            // Its child must end as well.
            var request = new ProcessRequest("/bin/sh", ["-c", "sleep 600; true"]) { WorkingDirectory = Environment.GetEnvironmentVariable(Temporary) };
            await ProcessRunner.RunAsync(request, Cancellation);
            return;
        }

        await using var renode = new RenodeEmulator();
        IMachineEmulator machines = emulator == MachineBench.Qemu ? new QemuEmulator() : renode;
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
        await using IMachine machine = await machines.StartAsync(Environment.GetEnvironmentVariable(ImageVariable)!, Firmware.Target("cortex-m4"), options, Cancellation);
        await machine.RunAsync(new RunUntil { WallClock = TimeSpan.FromMinutes(10) }, Cancellation);
    }

    private static async Task UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        while (!condition() && clock.Elapsed < limit)
        {
            await Task.Delay(1, Cancellation);
        }
    }

    /// <summary>Command lines of the processes that work in a folder or name it.</summary>
    private static string[] At(string folder) =>
        [.. Directory.GetDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])).Select(process => CommandAt(process, folder)).OfType<string>()];

    private static string? CommandAt(string process, string folder)
    {
        try
        {
            string command = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
            string place = new FileInfo(Path.Combine(process, "cwd")).LinkTarget ?? "";
            return place.StartsWith(folder, StringComparison.Ordinal) || command.Contains(folder, StringComparison.Ordinal) ? command : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
