using System.Buffers.Binary;
using System.Text.Json;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>Delta images and managed code as a user gives them: compile once, pack, run on <c>managed</c>.</summary>
public sealed class ManagedDeltaCommandTests
{
    private static readonly string[] Base = [DemoFiles.Base, "--calibration", DemoFiles.Calibration];

    private readonly string folder = TestFolder.Create("managed-delta");

    [Fact]
    public void A_compiled_folder_takes_images_and_gives_the_references_bytes()
    {
        string place = Compile();
        string lora = Pack("factory-lora", "1", "cortex-m0plus");
        string bias = Pack("factory-bitfit", "2", "cortex-m0plus");
        string both = Path.Combine(folder, "both.mcud");
        Assert.Equal(0, CommandLineTests.InProcess("delta", "compose", lora, bias, "--against", place, "-o", both).ExitCode);

        Assert.True(File.Exists(Path.Combine(place, "KwsDemo.abi.txt")));
        Assert.Equal(Reference(lora), Managed(place, lora));
        Assert.Equal(Reference(bias), Managed(place, bias));
        Assert.Equal(Reference(both), Managed(place, lora, bias));
        Assert.Equal(Reference(both), Managed(place, both));
    }

    [Fact]
    public void Refusals_have_codes_and_reasons()
    {
        string place = Compile();
        string bias = Pack("factory-bitfit", "2", "cortex-m0plus");
        byte[] bytes = File.ReadAllBytes(bias);
        string damaged = Path.Combine(folder, "damaged.mcud");
        bytes[^1] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        string promise = Path.Combine(folder, "promise.mcud");
        bytes[^1] ^= 1;
        bytes[68] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), DeltaFile.Checksum(bytes));
        File.WriteAllBytes(promise, bytes);

        AssertError("MCU1530", "another compilation of the base", Run(place, Pack("factory-lora", "1", "cortex-m4")));
        AssertError("MCU1530", "CRC-32", Run(place, damaged));
        AssertError("MCU1530", "attached already", Run(place, bias, bias));
        AssertError("MCU1531", "self-test of delta image 1", Run(place, promise));
        AssertError("MCU1089", "2 delta images; 3", Run(place, bias, bias, bias));
        AssertError("MCU1532", "cache", CommandLineTests.InProcess(["compile", .. Base, "--lang", "nanoframework", "--deltas", "1", "--delta-cache", "64", "-o", Path.Combine(folder, "none"), "--json"]));
    }

    /// <summary>The interpreter attaches what .NET attaches and refuses what it refuses.</summary>
    [Fact]
    public void The_interpreter_takes_images_too()
    {
        NanoClrTests.Require();
        string place = Compile();
        string lora = Pack("factory-lora", "1", "cortex-m0plus");
        string bias = Pack("factory-bitfit", "2", "cortex-m0plus");

        Assert.Equal(Managed(place, lora, bias), Output(RunOn("nanoclr", place, lora, bias)));
        Assert.Equal(Reference(bias), Output(RunOn("nanoclr", place, bias)));
        AssertError("MCU1530", "another compilation of the base", RunOn("nanoclr", place, bias, Pack("factory-lora", "1", "cortex-m4")));
        AssertError("MCU1089", "2 delta images; 3", RunOn("nanoclr", place, bias, bias, bias));
    }

    private static void AssertError(string code, string words, ToolRun run)
    {
        JsonElement error = run.Json().GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains(words, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private string Compile()
    {
        string place = Path.Combine(folder, "Kws");
        ToolRun run = CommandLineTests.InProcess(["compile", .. Base, "--lang", "nanoframework", "--deltas", "2", "-o", place]);
        Assert.True(run.ExitCode == 0, run.Error);
        return place;
    }

    private string Pack(string adapter, string id, string target)
    {
        string file = Path.Combine(folder, $"{adapter}-{target}.mcud");
        ToolRun run = CommandLineTests.InProcess(["delta", "pack", .. Base, "--adapter", DemoFiles.Adapter(adapter), "--adapter-mode", "side", "--id", id, "--target", target, "-o", file]);
        Assert.True(run.ExitCode == 0, run.Error);
        return file;
    }

    private byte[] Managed(string place, params string[] images) => Output(Run(place, images));

    private byte[] Output(ToolRun run)
    {
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(Path.Combine(folder, "out.bin"));
    }

    /// <summary>Int8 samples in, int8 outputs out, as the folder takes them.</summary>
    private ToolRun Run(string place, params string[] images) => RunOn("managed", place, images);

    private ToolRun RunOn(string form, string place, params string[] images) => CommandLineTests.InProcess(
        ["run", place, "--on", form, .. images.SelectMany(i => (string[])["--delta", i]), "--input", Samples(), "-o", Path.Combine(folder, "out.bin"), "--json"]);

    /// <summary>The int8 reference under the image, from the packed ABI's model.</summary>
    private byte[] Reference(string image)
    {
        var options = new CompileOptions { BasePath = DemoFiles.Base, Target = Firmware.Target("host"), CalibrationPath = DemoFiles.Calibration };
        DeltaFile file = DeltaFile.Load(image);
        DeltaNetwork network = DeltaNetwork.Open(DemoFiles.Base, file, () => options, new(), null, TestContext.Current.CancellationToken);
        Int8Model model = DeltaPacker.WithImage(network.Read(file), network.Abi!);
        return new ReferenceRunner(model).RunAsync(File.ReadAllBytes(Samples()), 1, TestContext.Current.CancellationToken).GetAwaiter().GetResult().Outputs;
    }

    private string Samples()
    {
        string path = Path.Combine(folder, "int8.bin");
        File.WriteAllBytes(path, File.ReadAllBytes(TestData.Repo("tests/demo/calibration.bin"))[..(3 * DemoFiles.Elements)]);
        return path;
    }
}
