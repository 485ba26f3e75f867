using Mcu.Emulation.Machines;
using Mcu.Tests.Emulation.Machines;

namespace Mcu.Tests.FirmwareKws;

/// <summary>The example firmware as its users see it: by the serial port, with outputs of the int8 reference.</summary>
public sealed class KwsFirmwareTests(KwsFirmwareFixture firmware) : IClassFixture<KwsFirmwareFixture>
{
    public const string Blank = "installed 0 confirmed 0 rejected 0 active 0 trial 0 running 0 counter 0";

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Adapters_are_installed_tried_confirmed_and_switched(string emulator)
    {
        (KwsDevice device, string state) = await firmware.StartAsync(emulator);
        await using (device)
        {
            Assert.Equal(Blank, state);
            await AssertRunsAsync(device, 0);

            await device.DoAllAsync(KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Factory)));
            await device.DoAsync("test 1");
            await AssertRunsAsync(device, 0);
            Assert.Equal("installed 1 confirmed 0 rejected 0 active 0 trial 1 running 1 counter 0", await device.ResetAsync());
            await AssertRunsAsync(device, KwsFirmwareFixture.Factory);
            await device.DoAsync("confirm");
            Assert.Equal("installed 1 confirmed 1 rejected 0 active 1 trial 0 running 1 counter 1", await device.ResetAsync());
            await AssertRunsAsync(device, KwsFirmwareFixture.Factory);

            await device.DoAsync("select 0");
            await AssertRunsAsync(device, 0);
            await device.DoAsync("select 1");
            await AssertRunsAsync(device, KwsFirmwareFixture.Factory);

            await device.DoAllAsync(KwsDevice.Installation(2, firmware.Image(KwsFirmwareFixture.Accent)));
            await device.DoAsync("test 4");
            Assert.Equal("installed 5 confirmed 1 rejected 0 active 1 trial 4 running 4 counter 1", await device.ResetAsync());
            await AssertRunsAsync(device, KwsFirmwareFixture.Accent);
            Assert.Equal("installed 5 confirmed 1 rejected 4 active 1 trial 0 running 1 counter 1", await device.ResetAsync());
            await AssertRunsAsync(device, KwsFirmwareFixture.Factory);
        }
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task What_is_wrong_is_refused_by_number_and_changes_nothing(string emulator)
    {
        (KwsDevice device, _) = await firmware.StartAsync(emulator);
        await using (device)
        {
            byte[] image = firmware.Image(KwsFirmwareFixture.Accent);
            await device.DoAllAsync(KwsDevice.Installation(1, image));
            await device.DoAsync("test 2");
            await device.ResetAsync();
            await device.DoAsync("confirm");
            string state = await device.AskAsync("status");
            Assert.Equal("ok installed 2 confirmed 2 rejected 0 active 2 trial 0 running 2 counter 2", state);

            string tooLong = "run " + new string('0', 982);
            (string Command, int Error)[] mistakes =
            [
                ("", 100), ("runs 1", 100), ("RUN", 100), (tooLong, 100), ("run", 101), ("run 00", 101), ("run " + new string('0', 979) + "x", 101),
                ("install", 101), ("install 0", 101), ("install x 64", 101), ("install 99999999999 64", 101), ("install 3 64", 40), ("install 1 64", 41), ("install 0 8193", 43),
                ("data 00", 42), ("data", 101), ("data " + new string('0', 130), 101), ("finish", 42), ("confirm", 42), ("revert", 42),
                ("test 8", 101), ("test 1", 40), ("select 1", 40), ("erase 1", 41), ("erase 9", 40),
            ];
            foreach ((string command, int error) in mistakes)
            {
                Assert.Equal((command, $"error {error}"), (command, await device.AskAsync(command)));
            }

            image[200] ^= 1;
            string[] damaged = [.. KwsDevice.Installation(0, image)];
            await device.DoAllAsync(damaged[..^1]);
            Assert.Equal("error 20", await device.AskAsync("finish"));
            string[] older = [.. KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Factory))];
            await device.DoAllAsync(older[..^1]);
            Assert.Equal("error 44", await device.AskAsync("finish"));
            await device.DoAllAsync(older[..2]);
            Assert.Equal("error 43", await device.AskAsync("finish"));
            Assert.Equal(state, await device.AskAsync("status"));
            await AssertRunsAsync(device, KwsFirmwareFixture.Accent);
        }
    }

    [Fact]
    public async Task The_stack_is_enough()
    {
        (KwsDevice device, _) = await firmware.StartAsync(MachineBench.Qemu);
        await using (device)
        {
            await device.DoAllAsync(KwsDevice.Installation(0, firmware.Image(KwsFirmwareFixture.Accent)));
            await device.DoAsync("test 1");
            await device.ResetAsync();
            await device.RunAsync(KwsFirmwareFixture.Samples[0]);
            IMachine machine = device.Machine;
            int room = (int)(machine.Symbols.AddressOf("__stack_top") - machine.Symbols.AddressOf("__stack_limit"));
            Assert.InRange(await machine.StackHighWaterAsync(TestContext.Current.CancellationToken), 400, room / 2);
        }
    }

    private Task AssertRunsAsync(KwsDevice device, int image) => firmware.AssertRunsAsync(device, image);
}
