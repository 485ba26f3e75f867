using Mcu.Emulation.Managed.NanoClr;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>A firmware of the real platform, built from its sources with the emitted native folder. Opt-in: that takes minutes.</summary>
public sealed class NanoFirmwareTests
{
    private const int MostKilobytes = 10 << 10;

    [Fact]
    public async Task A_firmware_with_the_native_folder_gives_the_golden_bytes_and_refuses_another_network()
    {
        NanoClrTools plain = NanoClrTests.Require();
        NanoFirmware firmware = await NanoFirmware.GetAsync();
        NanoClrTools tools = plain with { Interpreter = firmware.Interpreter };

        Assert.Equal(GoldenModel.Expected("kws"), await RunAsync(tools, firmware.Network, 16));

        // The plain interpreter lacks the table: the assembly loads, and Run throws.
        DiagnosticException without = await Assert.ThrowsAsync<DiagnosticException>(() => RunAsync(plain, firmware.Network, 1));
        Assert.Equal("MCU1523", without.Diagnostic.Code);

        // The same class and input from other sources: another digest, so another checksum.
        Interop other = Interop.Of(GoldenModel.Compile("kws", "cortex-m4").Program, "kws");
        Assert.NotEqual(firmware.Network.Contract.Checksum, other.Contract.Checksum);
        DiagnosticException refused = await Assert.ThrowsAsync<DiagnosticException>(() => RunAsync(tools, other, 1));
        Assert.Equal("MCU1523", refused.Diagnostic.Code);
        Assert.Contains("Invalid native checksum", refused.Diagnostic.Message, StringComparison.Ordinal);
    }

    /// <summary>Halves the interval between a heap that is too small and one that is not, kilobyte by kilobyte; prints what it finds.</summary>
    [Theory]
    [InlineData("kws", true)]
    [InlineData("kws", false)]
    [InlineData("ad", true)]
    [InlineData("ad", false)]
    [InlineData("sww", true)]
    [InlineData("sww", false)]
    [InlineData("ic", true)]
    [InlineData("ic", false)]
    [InlineData("vww", true)]
    [InlineData("vww", false)]
    public async Task The_smallest_heap_that_runs_a_network(string name, bool packed)
    {
        NanoClrTools plain = NanoClrTests.Require();
        NanoFirmware firmware = await NanoFirmware.GetAsync();
        Managed network = Managed.Of(GoldenModel.Compile(name, "cortex-m0plus").Program, name, NanoOptions.Default with { PackWeights = packed });
        using var machine = new NanoClrMachine(plain with { Interpreter = firmware.Interpreter }, [new NanoClrNetwork(network.Emission, network.Assembly, 0)]);
        byte[] input = GoldenModel.Inputs(network.Network.InputLength)[..network.Network.InputLength];
        byte[] expected = GoldenModel.Expected(name)[..network.Network.OutputLength];

        int small = (int)(network.Emission.HeapBytes / 1024);
        int large = MostKilobytes;
        Assert.False(await RunsAsync(small), "a heap below the network's own arrays cannot do");
        Assert.True(await RunsAsync(large));
        while (large - small > 1)
        {
            int middle = (small + large) / 2;
            (small, large) = await RunsAsync(middle) ? (small, middle) : (middle, large);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}, {(packed ? "speed" : "ram")}: {network.Emission.HeapBytes} bytes of arrays run in {large} KB of heap");
        Assert.InRange(large, small, 3 * network.Emission.HeapBytes / 1024);

        async Task<bool> RunsAsync(int kilobytes)
        {
            firmware.SetHeap(kilobytes << 10);
            try
            {
                IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(input, input.Length, expected.Length, TestContext.Current.CancellationToken);
                Assert.Equal(expected, runs[0][0].Output);
                return true;
            }
            catch (DiagnosticException failure) when (failure.Diagnostic.Code is "MCU1522" or "MCU1523" or "MCU1525")
            {
                return false;
            }
            finally
            {
                firmware.SetHeap(MostKilobytes << 10);
            }
        }
    }

    private static async Task<byte[]> RunAsync(NanoClrTools tools, Interop network, int samples)
    {
        using var machine = new NanoClrMachine(tools, [new NanoClrNetwork(network.Emission, network.Assembly, 0)]);
        byte[] inputs = GoldenModel.Inputs(network.InputLength)[..(samples * network.InputLength)];
        IReadOnlyList<NanoClrRun[]> runs = await machine.RunAsync(inputs, network.InputLength, network.OutputLength, TestContext.Current.CancellationToken);
        return [.. runs.SelectMany(r => r[0].Output)];
    }
}
