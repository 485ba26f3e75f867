using Mcu.Emulation.Machines;
using Mcu.Tests.Emulation.Machines;

namespace Mcu.Tests.FirmwareKws;

/// <summary>The power goes at chosen instructions of every command of an installation, and of the start that begins the trial.</summary>
public sealed class KwsPowerCutTests(KwsFirmwareFixture firmware) : IClassFixture<KwsFirmwareFixture>
{
    private const string Before = "installed 1 confirmed 1 rejected 0 active 1 trial 0 running 1 counter 1";
    private const string Installed = "installed 3 confirmed 1 rejected 0 active 1 trial 0 running 1 counter 1";
    private const string OnTrial = "installed 3 confirmed 1 rejected 0 active 1 trial 2 running 2 counter 1";
    private const string Reverted = "installed 3 confirmed 1 rejected 2 active 1 trial 0 running 1 counter 1";
    private const string Confirmed = "installed 3 confirmed 3 rejected 0 active 2 trial 0 running 2 counter 2";

    private int tried;

    /// <param name="cuts">In each command that writes the journal or erases.</param>
    /// <param name="step">One in every so many of those that bring data: Renode is slower at the commands that lead there.</param>
    [Theory]
    [InlineData(MachineBench.Qemu, 7, 1)]
    [InlineData(MachineBench.Renode, 3, 5)]
    public async Task Each_restart_finds_the_state_before_or_after_the_command_that_was_cut(string emulator, int cuts, int step)
    {
        (KwsDevice device, _) = await firmware.StartAsync(emulator);
        await using (device)
        {
            await device.DoAllAsync(KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Factory)));
            await device.DoAsync("test 1");
            await device.ResetAsync();
            await device.DoAsync("confirm");
            Assert.Equal(Before, await device.ResetAsync());
            byte[] chip = await device.ReadChipAsync();

            string[] installation = [.. KwsDevice.Installation(1, firmware.Image(KwsFirmwareFixture.Accent))];
            for (int i = 0; i < installation.Length - 1; i += step)
            {
                await CutAsync(device, chip, installation[..i], installation[i], i == 0 ? cuts : 1, Before, Before);
            }

            chip = await CutAsync(device, chip, installation[..^1], installation[^1], cuts, Before, Installed);
            chip = await CutAsync(device, chip, [], "test 2", cuts, Installed, OnTrial);
            await CutAsync(device, chip, [], "confirm", cuts, Reverted, Confirmed);
            TestContext.Current.TestOutputHelper?.WriteLine($"{tried} power cuts");
        }
    }

    /// <summary>Within the start that begins the trial; SlotTests has every cut of it.</summary>
    [Theory]
    [InlineData(MachineBench.Qemu, 7)]
    [InlineData(MachineBench.Renode, 3)]
    public async Task Each_restart_finds_the_state_before_or_after_the_start_that_was_cut(string emulator, int cuts)
    {
        (KwsDevice device, _) = await firmware.StartAsync(emulator);
        await using (device)
        {
            await device.DoAllAsync(KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Factory)));
            await device.DoAsync("test 1");
            await device.ResetAsync();
            await device.DoAsync("confirm");
            await device.DoAllAsync(KwsDevice.Installation(1, firmware.Image(KwsFirmwareFixture.Accent)));
            await device.DoAsync("test 2");
            await CutStartAsync(device, await device.ReadChipAsync(), cuts);
        }
    }

    /// <summary>Cuts the power within the last of some commands, evenly from its beginning to its end; the chip after all of them.</summary>
    private async Task<byte[]> CutAsync(KwsDevice device, byte[] chip, string[] first, string command, int cuts, string before, string after)
    {
        await PrepareAsync(device, chip, first);
        long length = await device.CountAsync(command);
        byte[] done = await device.ReadChipAsync();
        var states = new List<string>();
        for (int i = 0; i < cuts; i++)
        {
            await PrepareAsync(device, chip, first);
            states.Add(await device.CutAsync(command, Place(length, i, cuts)));
            await AssertRunsAsync(device, states[^1]);
        }

        AssertStates(states, before, after);
        return done;
    }

    /// <summary>The same within the start that begins the trial.</summary>
    private async Task CutStartAsync(KwsDevice device, byte[] chip, int cuts)
    {
        await device.ReplaceChipAsync(chip);
        // To the first word that it says, so that nothing of the start that is cut is taken for the next one's.
        long length = (await device.Machine.RunAsync(RunUntil.Reaches("uart_put"), TestContext.Current.CancellationToken)).Expect(StopReason.Reached).Instructions;
        var states = new List<string>();
        for (int i = 0; i < cuts; i++)
        {
            await device.ReplaceChipAsync(chip);
            states.Add(await device.CutAsync(Place(length, i, cuts)));
            await AssertRunsAsync(device, states[^1]);
        }

        AssertStates(states, OnTrial, Reverted);
    }

    private static async Task PrepareAsync(KwsDevice device, byte[] chip, string[] first)
    {
        await device.ReplaceChipAsync(chip);
        await device.BootAsync();
        await device.DoAllAsync(first);
    }

    private static long Place(long length, int i, int cuts) => cuts == 1 ? length / 2 : (length - 1) * i / (cuts - 1);

    private void AssertStates(List<string> states, string before, string after)
    {
        tried += states.Count;
        Assert.All(states, state => Assert.True(state == before || state == after, state));
        if (before != after)
        {
            Assert.Equal([before, after], states.Distinct());
        }
    }

    private Task AssertRunsAsync(KwsDevice device, string state) =>
        firmware.AssertRunsAsync(device, state.Contains("running 1", StringComparison.Ordinal) ? KwsFirmwareFixture.Factory : KwsFirmwareFixture.Accent, samples: 1);
}
