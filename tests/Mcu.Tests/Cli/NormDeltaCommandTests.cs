using System.Text.Json;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Tests.Adapters;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;

namespace Mcu.Tests.Cli;

/// <summary>The commands of <c>mcu delta</c> on a transformer whose layer normalisations are tuned by archives.</summary>
public sealed class NormDeltaCommandTests
{
    private readonly string folder = TestFolder.Create("norm-delta");

    private static string[] Options => ["--calibration", TestData.Shared("onnx/cct_16_8/inputs.npz")];

    private static string[] Against => ["--against", CctCase.Path, .. Options];

    [Fact]
    public void Gamma_and_beta_are_packed_shown_unpacked_applied_compared_and_composed()
    {
        string gamma = Pack("gamma", ("LayerNorm_0.weight", 0.9f), ("LayerNorm_2.weight", 1.1f));
        string beta = Pack("beta", ("LayerNorm_2.bias", 0.1f));
        string both = Path.Combine(folder, "both.mcud");

        Assert.Equal([["weights"], ["weights"]], Sections(Ok(["delta", "inspect", gamma, .. Against])));
        Assert.True(Ok(["delta", "verify", gamma, .. Against]).GetProperty("ok").GetBoolean());
        Ok(["delta", "compose", gamma, beta, "-o", both, .. Against]);
        Assert.Equal([["weights"], ["bias", "weights"]], Sections(Ok(["delta", "inspect", both, .. Against])));
        Assert.True(Ok(["delta", "verify", both, .. Against]).GetProperty("ok").GetBoolean());
        JsonElement difference = Assert.Single(Ok(["delta", "diff", gamma, both, .. Against]).GetProperty("layers").EnumerateArray());
        Assert.Equal(("bias", "only in B"), (difference.GetProperty("section").GetString(), difference.GetProperty("where").GetString()));

        string unpacked = Path.Combine(folder, "unpacked");
        string effective = Path.Combine(folder, "effective.npz");
        JsonElement layer = Ok(["delta", "unpack", both, "-o", unpacked, .. Against]).GetProperty("layers")[1];
        Ok(["delta", "apply", CctCase.Path, both, .. Options, "-o", effective]);
        int index = layer.GetProperty("index").GetInt32();
        IReadOnlyList<NumpyArray> stored = Arrays(Path.Combine(unpacked, $"layer{index}.npz"));
        IReadOnlyList<NumpyArray> tables = Arrays(effective);

        Assert.Equal(["bias", "weights"], stored.Select(a => a.Name).Order(StringComparer.Ordinal));
        Assert.Equal((short[])stored.Single(a => a.Name == "weights").Data, (short[])tables.Single(a => a.Name == $"{index}.weights").Data);
        Assert.Equal((int[])stored.Single(a => a.Name == "bias").Data, (int[])tables.Single(a => a.Name == $"{index}.bias").Data);
        Assert.Single((int[])tables.Single(a => a.Name == $"{index}.multipliers").Data);
        Assert.Equal(Outputs(both), Outputs(Archive("written", ("LayerNorm_0.weight", 0.9f), ("LayerNorm_2.weight", 1.1f), ("LayerNorm_2.bias", 0.1f))));
        Assert.NotEqual(Outputs(gamma), Outputs(both));
    }

    [Fact]
    public void Two_images_that_bring_gamma_of_one_layer_are_refused_by_name()
    {
        string first = Pack("first", ("LayerNorm_0.weight", 0.9f));
        string second = Pack("second", ("LayerNorm_0.weight", 0.8f), ("LayerNorm_0.bias", 0.1f));

        ToolRun conflict = CommandLineTests.InProcess(["delta", "compose", first, second, "-o", Path.Combine(folder, "x.mcud"), .. Against]);

        Assert.Equal(1, conflict.ExitCode);
        Assert.All((string[])["MCU1212", "first.mcud", "second.mcud", "LayerNorm_0", "both bring WEIGHTS"], text => Assert.Contains(text, conflict.Error, StringComparison.Ordinal));
    }

    private static IEnumerable<string?[]> Sections(JsonElement document) =>
        document.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("sections").EnumerateArray().Select(s => s.GetString()).ToArray());

    private static IReadOnlyList<NumpyArray> Arrays(string path) => NumpyReader.Read(File.ReadAllBytes(path), path);

    private byte[] Outputs(string adapter)
    {
        string file = Path.Combine(folder, Path.GetRandomFileName());
        ToolRun run = CommandLineTests.InProcess(["run", CctCase.Path, .. Options, "--adapter", adapter, "--on", "reference", "--input", TestData.Shared("onnx/cct_16_8/inputs.npz"), "-o", file]);
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(file);
    }

    private string Pack(string name, params (string Array, float Value)[] arrays)
    {
        string output = Path.Combine(folder, name + ".mcud");
        Ok(["delta", "pack", CctCase.Path, .. Options, "--adapter", Archive(name, arrays), "-o", output]);
        return output;
    }

    private string Archive(string name, params (string Array, float Value)[] arrays)
    {
        string path = Path.Combine(folder, name + ".npz");
        NpzWriter writer = arrays.Aggregate(new NpzWriter(), (w, a) => w.Add(a.Array, [8], [.. Enumerable.Range(0, 8).Select(i => a.Value * (1 - (0.05f * i)))]));
        File.WriteAllBytes(path, writer.ToBytes());
        return path;
    }

    private static JsonElement Ok(string[] arguments)
    {
        ToolRun run = CommandLineTests.InProcess([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run.Json();
    }
}
