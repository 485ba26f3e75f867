using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Graphs;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Deltas;

/// <summary>
/// The test vectors of docs/DELTA-FORMAT.md in <c>vectors/</c>, with the ABIs that they are for. With <c>MCU_UPDATE_GOLDEN=1</c> they
/// are made anew, by the commands that the document shows.
/// </summary>
public sealed class VectorTests
{
    private static readonly Lazy<bool> Updated = new(Update);

    public static TheoryData<string, string> Vectors => new()
    {
        { "bitfit.mcud", "packing1" }, { "lora.mcud", "packing1" }, { "lora-rows.mcud", "packing0" }, { "sparse.mcud", "packing1" }, { "signed.mcud", "packing1" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_vector_is_read_and_written_back_and_a_second_decoder_reads_it(string name, string abi)
    {
        byte[] bytes = File.ReadAllBytes(Place(name));
        DeltaFile file = DeltaFile.Parse(bytes, name);
        DeltaInterface shape = DeltaAbiText.Load(Place(abi + ".abi.txt"));

        Assert.Equal(file.Body.ToArray(), DeltaWriter.Write(DeltaReader.Read(file, shape), shape));
        Assert.Equal(bytes, DeltaTrailer.Write(file.Body.Span, file.Signature.Span));
        Assert.Equal(DeltaReader.Read(file, shape).Layers.Select(l => l is null), SecondDecoder.Decode(bytes, File.ReadAllText(Place(abi + ".abi.txt"))).Layers.Select(l => l is null));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_vector_is_what_its_command_writes(string name, string abi)
    {
        string made = Path.Combine(TestFolder.Create("vector"), name);
        Make(name, made);
        string text = AbiText(DeltaFile.Load(made));
        Assert.SkipUnless(text == File.ReadAllText(Place(abi + ".abi.txt")), "needs a processor on which calibration rounds as it did when the vectors were made");

        Assert.Equal(File.ReadAllBytes(Place(name)), File.ReadAllBytes(made));
    }

    /// <summary>The two packings of one adapter hold the same numbers.</summary>
    [Fact]
    public void Both_packings_hold_the_same_numbers()
    {
        DeltaImage pairs = Read("lora.mcud", "packing1");
        DeltaImage rows = Read("lora-rows.mcud", "packing0");

        Assert.Equal(pairs.Layers, rows.Layers);
        Assert.Equal(pairs.SelfTests, rows.SelfTests);
    }

    [Fact]
    public void The_signed_vector_is_trusted_with_the_published_key()
    {
        DeltaFile file = DeltaFile.Load(Place("signed.mcud"));
        PublicKey key = PublicKey.Parse(TestKeys.EdPublicPem, "rfc8032");

        Assert.Null(SignatureCheck.Of(file, new TrustStore([new TrustAnchor([0x01, 0xAA], key)])).Code);
        Assert.Equal(DeltaFile.Load(Place("lora.mcud")).BodySha256(), file.BodySha256());
    }

    private static DeltaImage Read(string name, string abi) => DeltaReader.Read(DeltaFile.Load(Place(name)), DeltaAbiText.Load(Place(abi + ".abi.txt")));

    private static string Place(string name)
    {
        _ = Updated.Value;
        return InVectors(name);
    }

    private static string InVectors(string name) => TestData.Repo(Path.Combine("tests/Mcu.Tests/Deltas/vectors", name));

    private static void Make(string name, string output)
    {
        string[] arguments = name switch
        {
            "bitfit.mcud" => Pack(DemoFiles.Adapter("factory-bitfit"), "1"),
            "lora.mcud" => [.. Pack(DemoFiles.Adapter("factory-lora"), "2"), "--adapter-mode", "side"],
            "lora-rows.mcud" => [.. Pack(DemoFiles.Adapter("factory-lora"), "2"), "--adapter-mode", "side", "--target", "cortex-m0plus"],
            "sparse.mcud" => [.. Pack(InVectors("rows"), "3"), "--adapter-mode", "merge"],
            _ => ["delta", "sign", InVectors("lora.mcud"), "--key", KeyFile(), "--kid", "01aa"],
        };
        ToolRun run = CommandLineTests.InProcess([.. arguments, "-o", output]);
        Assert.True(run.ExitCode == 0, run.Error);
    }

    private static string[] Pack(string adapter, string id) =>
        ["delta", "pack", DemoFiles.Base, "--calibration", TestData.Repo("tests/demo/calibration.npy"), "--adapter", adapter, "--id", id];

    private static string KeyFile()
    {
        string path = Path.Combine(TestFolder.Create("key"), "rfc8032.pem");
        File.WriteAllText(path, TestKeys.EdPrivatePem);
        return path;
    }

    /// <summary>The ABI of the demo network for the image's packing, calibrated as the commands do.</summary>
    private static string AbiText(DeltaFile file)
    {
        var options = new Generator.CompileOptions { BasePath = DemoFiles.Base, Target = Firmware.Target("host"), CalibrationPath = TestData.Repo("tests/demo/calibration.npy") };
        return DeltaNetwork.Open(DemoFiles.Base, file, () => options, new(), null, TestContext.Current.CancellationToken).Abi!.Text;
    }

    private static bool Update()
    {
        if (Environment.GetEnvironmentVariable("MCU_UPDATE_GOLDEN") != "1")
        {
            return false;
        }

        string rows = new AdapterFolder(8).Lora("block1.pw", [32, 32, 1, 1], 1, rows: [3, 17]).Lora("block3.pw", [32, 32, 1, 1], 1, rows: [7]).Write("rows", ("r", 1), ("lora_alpha", 1));
        Directory.CreateDirectory(InVectors("rows"));
        foreach (string file in Directory.EnumerateFiles(rows))
        {
            File.Copy(file, InVectors(Path.Combine("rows", Path.GetFileName(file))), overwrite: true);
        }

        foreach ((string name, string abi) in Vectors.Select(v => v.Data))
        {
            Make(name, InVectors(name));
            File.WriteAllText(InVectors(abi + ".abi.txt"), AbiText(DeltaFile.Load(InVectors(name))));
        }

        return true;
    }
}
