using Mcu.Emulation;
using Mcu.Emulation.Machines;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>Artefacts that cannot be written are told before anything runs; later they leave nothing behind and hide no failure.</summary>
[Collection(AloneCollection.Name)]
public sealed class ArtifactFolderTests : IAsyncLifetime
{
    private readonly RenodeFixture renode = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => renode.DisposeAsync();

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_machine_cleans_up_where_its_artefacts_cannot_be_written(string name)
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        IMachineEmulator emulator = await MachineBench.EmulatorAsync(renode, name, model);
        string root = Path.Combine(model.CacheFolder, "artifacts");
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"], Artifacts = root };
        using var temporary = new Leftovers();
        var mine = new InvalidOperationException("mine");
        Assert.Same(mine, await Record.ExceptionAsync(async () =>
        {
            await using IMachine machine = await emulator.StartAsync(image.Path, image.Target, options, Cancellation);
            Directory.Delete(root);
            await File.WriteAllTextAsync(root, "in the way", Cancellation);
            throw mine;
        }));
        Assert.DoesNotContain(temporary.Files(), IsOfRun);

        int[] processes = temporary.StartedProcesses();
        Assert.Equal("MCU1127", (await Bench.FailureAsync(() => emulator.StartAsync(image.Path, image.Target, options, Cancellation))).Code);
        Assert.DoesNotContain(temporary.Files(), IsOfRun);

        // Renode was given back: it is there for the next machine.
        Assert.Equal(name == MachineBench.Renode, processes.Length > 0);
        await using (IMachine next = await emulator.StartAsync(image.Path, image.Target, options with { Artifacts = null }, Cancellation))
        {
            (await next.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
        }

        Assert.Equal(processes, temporary.StartedProcesses());
        await renode.DisposeAsync();
        Assert.Empty(temporary.StartedProcesses());
    }

    private static bool IsOfRun(string path) => Path.GetFileName(path).StartsWith("mcu-run-", StringComparison.Ordinal);
}
