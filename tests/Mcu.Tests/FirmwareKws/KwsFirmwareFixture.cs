using System.Collections.Concurrent;
using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Renode;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Emulation.Machines;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Packaging;

namespace Mcu.Tests.FirmwareKws;

/// <summary>The firmware and its images, built once with the commands of its README, and what the int8 reference says of them.</summary>
public sealed class KwsFirmwareFixture : IAsyncDisposable
{
    public const int Factory = 1;
    public const int Accent = 2;
    private const int SampleLength = 490;

    private readonly Lazy<string> build = new(Build);
    private readonly Lazy<DeltaAbi> abi = new(() => DeltaAbi.Of(CompileBase(), KernelSet.Dsp));
    private readonly ConcurrentDictionary<int, byte[][]> reference = new();
    private readonly RenodeEmulator renode = new();

    /// <summary>The firmware with a driver of the flash chip, by its source file.</summary>
    public string Elf(string nor = "nor")
    {
        string folder = Path.Combine(build.Value, nor == "nor" ? "firmware" : "firmware-" + nor);
        string elf = Path.Combine(folder, "firmware.elf");
        if (!File.Exists(elf))
        {
            new Sdk(TestData.Root).Run("make", "-C", TestData.Repo("tests/firmware-kws"), "NETWORK=" + Path.Combine(build.Value, "kws"), "BUILD=" + folder, "NOR=" + nor);
        }

        return elf;
    }

    /// <summary>The image with an id.</summary>
    public byte[] Image(int id) => File.ReadAllBytes(Path.Combine(build.Value, id == Factory ? "factory.mcud" : "accent.mcud"));

    /// <summary>Int8 samples of the factory domain.</summary>
    internal static byte[][] Samples { get; } = [.. File.ReadAllBytes(TestData.Repo("tests/demo/test/factory.bin")).Chunk(SampleLength).Skip(60).Take(4)];

    /// <summary>A machine with the firmware that has come to its first command, and the state that it said.</summary>
    /// <param name="nor">The source file that is the chip's driver.</param>
    internal async Task<(KwsDevice Device, string State)> StartAsync(string emulator, string nor = "nor", MachineOptions? options = null)
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        Assert.SkipUnless(Programs.Has("make"), "needs make: apt-get install make");
        if (emulator == MachineBench.Renode)
        {
            await MachineBench.NeedRenodeAsync();
        }

        IMachineEmulator machines = emulator == MachineBench.Renode ? renode : new QemuEmulator();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var device = new KwsDevice(await machines.StartAsync(Elf(nor), Firmware.Target("cortex-m4"), options, cancellation), cancellation);
        return (device, await device.BootAsync());
    }

    /// <summary>The firmware gives the C# reference's bytes and class for every sample, of the base (0) or under an image.</summary>
    internal async Task AssertRunsAsync(KwsDevice device, int id, int samples = int.MaxValue)
    {
        byte[][] expected = reference.GetOrAdd(id, Reference);
        for (int i = 0; i < Math.Min(samples, expected.Length); i++)
        {
            (int word, byte[] output) = await device.RunAsync(Samples[i]);
            Assert.Equal(expected[i], output);
            Assert.Equal(Array.IndexOf(expected[i], expected[i].MaxBy(value => (sbyte)value)), word);
        }
    }

    public ValueTask DisposeAsync() => renode.DisposeAsync();

    private byte[][] Reference(int id)
    {
        Int8Model model = id == 0 ? abi.Value.Model : DeltaPacker.WithImage(DeltaReader.Read(DeltaFile.Parse(Image(id), "image"), DeltaInterface.Of(abi.Value)), abi.Value);
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        return [.. Samples.Select(sample => SampleBytes.FromValue(Int8Reference.Run(model, SampleBytes.ToValue(sample, input), id == 0 ? 0 : 1)))];
    }

    /// <summary>The base with the README's options.</summary>
    private static Int8Model CompileBase() => Firmware.Compile(new CompileOptions
    {
        BasePath = TestData.Repo("tests/demo/base/kws_demo.onnx"),
        Target = Firmware.Target("cortex-m4"),
        CalibrationPath = TestData.Repo("tests/demo/calibration.npy"),
        Deltas = new DeltaSupport(2, 8),
    }).Model;

    private static string Build()
    {
        string folder = TestFolder.Create("firmware-kws");
        string readme = File.ReadAllText(TestData.Repo("tests/firmware-kws/README.md"));
        string commands = readme.Split("```sh\n")[1].Split("```")[0]
            .Replace("./mcu", $"dotnet \"{Cli.Tool.Dll}\"", StringComparison.Ordinal)
            .Replace("$PWD/build", folder, StringComparison.Ordinal).Replace("build/", folder + "/", StringComparison.Ordinal);
        new Sdk(TestData.Root).Run("sh", "-ec", commands);
        return folder;
    }
}
