using Mcu.Tests.Cli;

namespace Mcu.Tests.Packaging;

/// <summary>A user's program with networks as items, and what its builds say and leave.</summary>
internal static class UserProject
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Mcu.MSBuild" Version="0.1.0" PrivateAssets="all" />
            MODEL
          </ItemGroup>
        </Project>
        """;

    public const string Model = """<McuModel Include="kws.onnx" Adapters="accent/;factory/" McuTarget="cortex-m4" Calibration="samples.npy" />""";

    public static IEnumerable<(string Path, string Hash)> Hashes(Dictionary<string, (DateTime Time, string Hash)> files) =>
        files.Select(file => (file.Key, file.Value.Hash)).Order();

    /// <summary>The one diagnostic of a failed build; the summary repeats it.</summary>
    public static string OneError(string output)
    {
        Assert.Contains("    1 Error(s)", output, StringComparison.Ordinal);
        Assert.Contains("    0 Warning(s)", output, StringComparison.Ordinal);
        return Assert.Single(output.Split('\n').Where(line => line.Contains(" : error ", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal));
    }

    public static void WriteProject(string folder, string models)
    {
        PutModel(folder);
        File.WriteAllText(Path.Combine(folder, "app.csproj"), Project.Replace("MODEL", models, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), "System.Console.WriteLine();\n");
    }

    public static void PutModel(string folder)
    {
        File.Copy(DemoFiles.Base, Path.Combine(folder, "kws.onnx"), overwrite: true);
        File.Copy(TestData.Repo("tests/demo/calibration.npy"), Path.Combine(folder, "samples.npy"), overwrite: true);
        foreach ((string name, string adapter) in (ReadOnlySpan<(string, string)>)[("accent", "accent-lora"), ("factory", "factory-bitfit")])
        {
            string place = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
            foreach (string file in Directory.EnumerateFiles(DemoFiles.Adapter(adapter)))
            {
                File.Copy(file, Path.Combine(place, Path.GetFileName(file)), overwrite: true);
            }
        }
    }

    /// <summary>Negates the last tensor's numbers: sign bits of its float32 values.</summary>
    public static void ChangeAdapter(string folder)
    {
        string path = Path.Combine(folder, "adapter_model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        for (int i = 1; i <= 16; i++)
        {
            bytes[^(4 * i - 3)] ^= 0x80;
        }

        File.WriteAllBytes(path, bytes);
    }
}
