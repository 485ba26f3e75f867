using System.Diagnostics;
using System.Globalization;
using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Renode;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>
/// Many runs. MCU_EMULATOR_RUNS (50 in each round, and 200 one after the other) and MCU_EMULATOR_ROUNDS (3) say how many; MCU_EMULATOR_PARALLEL
/// (2) how many at a time.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class EnduranceTests
{
    private const int RunsOfARound = 50;
    private const int RunsInARow = 200;
    private const int Rounds = 3;
    private const int TimedStarts = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(0.5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Runs_beside_each_other_all_give_the_right_bytes(string name)
    {
        using var model = new FakeModel();
        await using Emulators emulators = await Emulators.StartAsync(name, model);
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Setting("MCU_EMULATOR_PARALLEL", 2), CancellationToken = Cancellation };
        for (int round = 0; round < Setting("MCU_EMULATOR_ROUNDS", Rounds); round++)
        {
            await Parallel.ForAsync(0, Setting("MCU_EMULATOR_RUNS", RunsOfARound), parallel, async (i, token) =>
            {
                byte first = (byte)(i % 100);
                RunResult result = await emulators.Chosen.RunAsync(image, new byte[] { first, 2, 3, 4 }, new RunOptions(), token);
                Assert.Equal([(byte)(first + 1), 3, 4, 5], result.Outputs);
            });
        }
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Cancelled_and_finished_runs_leave_no_process_and_no_file(string name)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { for (volatile int i = 0; net->arena[0] == 1; i++) { } return 0; }");
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        using var temporary = new Leftovers();
        await using (Emulators emulators = await Emulators.StartAsync(name, model))
        {
            for (int i = 0; i < Setting("MCU_EMULATOR_RUNS", RunsInARow); i++)
            {
                bool endless = i % 2 == 0;
                using var stop = new CancellationTokenSource(endless ? TimeSpan.FromMilliseconds(100 + (i % 20 * 20)) : Timeout.InfiniteTimeSpan);
                try
                {
                    var options = new MachineOptions { Files = MachineBench.Samples((byte)(endless ? 1 : 0), 2, 3, 4), Arguments = ["0"] };
                    await using IMachine machine = await emulators.Chosen.StartAsync(image.Path, image.Target, options, stop.Token);
                    Assert.NotEmpty(temporary.StartedProcesses());
                    await machine.RunAsync(new RunUntil(), stop.Token);
                    Assert.False(endless);
                }
                catch (OperationCanceledException)
                {
                    Assert.True(endless);
                }
            }
        }

        Assert.Empty(temporary.StartedProcesses());
        Assert.Empty(temporary.Files());
    }

    /// <summary>A whole test on an emulator that has run before: start, run of a small program, end. The median counts.</summary>
    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_warm_emulator_costs_less_than_half_a_second(string name)
    {
        using var model = new FakeModel();
        await using Emulators emulators = await Emulators.StartAsync(name, model);
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        var times = new List<TimeSpan>();
        for (int i = 0; i <= TimedStarts; i++)
        {
            var clock = Stopwatch.StartNew();
            var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
            await using (IMachine machine = await emulators.Chosen.StartAsync(image.Path, image.Target, options, Cancellation))
            {
                (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
            }

            times.Add(clock.Elapsed);
        }

        TimeSpan[] warm = [.. times.Skip(1).Order()];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: first {times[0].TotalSeconds:F2} s, then {warm[0].TotalSeconds:F2} to {warm[^1].TotalSeconds:F2} s, median {warm[TimedStarts / 2].TotalSeconds:F2} s"));
        TimeSpan median = warm[TimedStarts / 2];
        Assert.SkipWhen(median > StartLimit && Load() > 2 * Environment.ProcessorCount, $"the machine is too busy to judge {median.TotalSeconds:F2} s");
        Assert.InRange(median, TimeSpan.Zero, StartLimit);
    }

    /// <summary>Programs that wait for a processor, averaged over a minute; 0 where the system does not tell.</summary>
    private static double Load() =>
        File.Exists("/proc/loadavg") ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : 0;

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>An emulator of a test's own, so that its end is part of the test.</summary>
    private sealed class Emulators(IMachineEmulator chosen, RenodeEmulator? renode) : IAsyncDisposable
    {
        public IMachineEmulator Chosen => chosen;

        public static async Task<Emulators> StartAsync(string name, FakeModel model)
        {
            if (name == MachineBench.Qemu)
            {
                return new Emulators(new QemuEmulator(new ToolProbe(), model.CacheFolder), null);
            }

            await MachineBench.NeedRenodeAsync();
            var renode = new RenodeEmulator();
            return new Emulators(renode, renode);
        }

        public ValueTask DisposeAsync() => renode?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
