using Mcu.Emulation.Machines;
using Mcu.Emulation.Renode;
using Mcu.Generator.Targets;
using Mcu.Tests.Emulation.Machines;

namespace Mcu.Tests.FirmwareKws;

/// <summary>The slots on the flash chip that the harness loads into Renode: operations that are torn, erases that are counted.</summary>
public sealed class KwsNorChipTests(KwsFirmwareFixture firmware) : IClassFixture<KwsFirmwareFixture>
{
    private const uint Address = 0x60000000;
    private const int BlockBytes = 4096;
    private const int Blocks = 8;
    private const int JournalBlocks = 2;
    private const uint Registers = Address + (BlockBytes * Blocks);
    private const uint Tear = Registers + 12;
    private const string Before = "installed 1 confirmed 1 rejected 0 active 1 trial 0 running 1 counter 1";
    private const string Installed = "installed 3 confirmed 1 rejected 0 active 1 trial 0 running 1 counter 1";

    private static readonly MemoryRegion Chip = RenodePeripherals.NorFlashRegion(Address, BlockBytes, Blocks);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_torn_operation_leaves_the_state_before_or_after_the_command()
    {
        await using KwsDevice device = await StartAsync();
        byte[] fresh = await ReadAsync(device);
        string[] installation = [.. KwsDevice.Installation(1, firmware.Image(KwsFirmwareFixture.Accent))];
        var states = new List<string>();

        // The first erase, within the data, and every operation of the last command.
        await TornAsync(device, fresh, [], installation[0], 1, states);
        await TornAsync(device, fresh, installation[..5], installation[5], 7, states);
        Assert.All(states, state => Assert.Equal(Before, state));
        states.Clear();
        int operations = await OperationsAsync(device, fresh, installation[..^1], installation[^1]);
        for (int operation = 1; operation <= operations; operation++)
        {
            await TornAsync(device, fresh, installation[..^1], installation[^1], (uint)operation, states);
        }

        Assert.InRange(operations, 2, 200);
        Assert.All(states, state => Assert.True(state is Before or Installed, state));
        Assert.Contains(Before, states);
    }

    [Fact]
    public async Task Slots_and_wear_outlive_a_power_cut()
    {
        await using KwsDevice device = await StartAsync();
        byte[] chip = await ReadAsync(device);
        int[] wear = [.. Enumerable.Range(0, Blocks).Select(block => BitConverter.ToInt32(chip, (int)(Registers - Address) + 16 + (4 * block)))];
        Assert.Equal((1, 1, 0), (wear[JournalBlocks], wear[JournalBlocks + 1], wear[^1])); // slot 0 was erased for its image, slot 2 never

        await device.Machine.PowerCutAsync(await device.Machine.InstructionsAsync(Cancellation) + 1, [Chip], Cancellation);
        Assert.Equal(chip, await ReadAsync(device));
        Assert.Equal(Before, await device.BootAsync());
        await firmware.AssertRunsAsync(device, KwsFirmwareFixture.Factory, samples: 1);
    }

    /// <summary>Power goes in the middle of an operation of a command, and comes back.</summary>
    private async Task TornAsync(KwsDevice device, byte[] chip, string[] first, string command, uint operation, List<string> states)
    {
        await PrepareAsync(device, chip, first);
        await device.Machine.WriteMemoryAsync(Tear, BitConverter.GetBytes(operation), Cancellation);
        await device.AskAsync(command); // whatever it answers, nobody hears it
        await device.Machine.ResetAsync(Cancellation);
        states.Add(await device.BootAsync());
        await firmware.AssertRunsAsync(device, KwsFirmwareFixture.Factory, samples: 1);
    }

    private static async Task<int> OperationsAsync(KwsDevice device, byte[] chip, string[] first, string command)
    {
        await PrepareAsync(device, chip, first);
        int before = await CountAsync(device);
        await device.DoAsync(command);
        return await CountAsync(device) - before;
    }

    private static async Task<int> CountAsync(KwsDevice device) => BitConverter.ToInt32(await device.Machine.ReadMemoryAsync(Registers + 4, 4, Cancellation));

    private static async Task PrepareAsync(KwsDevice device, byte[] chip, string[] first)
    {
        await device.Machine.WriteMemoryAsync(Chip.Origin, chip, Cancellation);
        await device.Machine.ResetAsync(Cancellation);
        await device.BootAsync();
        await device.DoAllAsync(first);
    }

    private static Task<byte[]> ReadAsync(KwsDevice device) => device.Machine.ReadMemoryAsync(Chip.Origin, (int)Chip.Length, Cancellation);

    /// <summary>A machine with the chip, whose first image is installed and confirmed.</summary>
    private async Task<KwsDevice> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("mcu-test-").FullName;
        var options = new MachineOptions
        {
            Peripherals = RenodePeripherals.NorFlash("nor", Address, BlockBytes, Blocks, 4),
            PeripheralSources = [RenodePeripherals.WriteNorFlashSource(folder)],
        };
        (KwsDevice device, _) = await firmware.StartAsync(MachineBench.Renode, "nor_chip", options);
        await device.DoAllAsync(KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Factory)));
        await device.DoAsync("test 1");
        await device.ResetAsync();
        await device.DoAsync("confirm");
        Assert.Equal(Before, await device.ResetAsync());
        Directory.Delete(folder, recursive: true);
        return device;
    }
}
