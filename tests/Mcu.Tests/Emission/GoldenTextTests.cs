using Mcu.Generator.Emit;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>
/// The emitted text of small networks as reviewed and kept in <c>golden/</c>. With <c>MCU_UPDATE_GOLDEN=1</c> the files
/// are written anew, to be reviewed as a change.
/// </summary>
public sealed class GoldenTextTests
{
    [Theory]
    [InlineData("images", "cortex-m4")]
    [InlineData("vectors", "cortex-m0plus")]
    [InlineData("tokens", "cortex-m4")]
    public void Emitted_text_is_the_reviewed_one(string model, string target)
    {
        string folder = TestData.Repo($"tests/Mcu.Tests/Emission/golden/{model}");
        var files = new SortedDictionary<string, string>(
            Firmware.Emit(TinyModels.Of(model), target, model).Where(f => f.Key[^1] is 'c' or 'h').Where(f => !f.Key.StartsWith("mcu/", StringComparison.Ordinal))
                .ToDictionary(f => f.Key + ".golden", f => f.Value.Replace(ToolVersion.Text, "VERSION", StringComparison.Ordinal)),
            StringComparer.Ordinal);
        if (Environment.GetEnvironmentVariable("MCU_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(folder);
            foreach ((string path, string text) in files)
            {
                File.WriteAllText(Path.Combine(folder, path), text);
            }
        }

        Assert.Equal(Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal), files.Keys);
        Assert.All(files, f => Assert.Equal(File.ReadAllText(Path.Combine(folder, f.Key)), f.Value));
    }
}
