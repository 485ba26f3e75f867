using System.Text.Json;
using Mcu.Emulation.Managed;
using Mcu.Generator.Emit.NanoFramework.Interop;

namespace Mcu.Tests.NanoFramework;

/// <summary>
/// Checksum and method table of assemblies with native methods, against those that the platform's metadata processor gave for the same sources
/// (native-checksums/recorded.json says how they were recorded).
/// </summary>
public sealed class NativeChecksumTests
{
    private const string Folder = "tests/Mcu.Tests/NanoFramework/native-checksums/";

    [Theory]
    [InlineData("overloads")]
    [InlineData("kinds")]
    [InlineData("types")]
    [InlineData("several")]
    [InlineData("none")]
    public void Checksum_and_table_are_those_of_the_metadata_processor(string name)
    {
        using var recorded = JsonDocument.Parse(File.ReadAllText(TestData.Repo(Folder + "recorded.json")));
        JsonElement expected = recorded.RootElement.GetProperty("cases").GetProperty(name);

        NativeTable table = Read(expected.GetProperty("assembly").GetString()!, File.ReadAllText(TestData.Repo($"{Folder}{name}.cs")));

        Assert.Equal(expected.GetProperty("checksum").GetString(), $"0x{table.Checksum:X8}");
        string?[] methods = [.. expected.GetProperty("table").EnumerateArray().Select(m => m.GetString())];
        string?[] actual = [.. table.Slots.Select(s => s.Kind == NativeSlotKind.Native ? $"{s.ClassName}::{s.MethodName}" : null)];
        if (methods.Length > 0)
        {
            Assert.Equal(methods, actual);
        }
        else
        {
            Assert.All(actual, Assert.Null);
        }
    }

    [Fact]
    public void Another_name_of_a_native_method_is_another_checksum()
    {
        string source = File.ReadAllText(TestData.Repo(Folder + "overloads.cs"));

        Assert.NotEqual(Read("Case.Overloads", source).Checksum, Read("Case.Overloads", source.Replace("long Dot", "long Dots", StringComparison.Ordinal)).Checksum);
    }

    private static NativeTable Read(string assembly, string source) => NativeTable.Read(ManagedCompiler.Compile(assembly, new Dictionary<string, string>
    {
        ["Case.cs"] = "#pragma warning disable 649\n" + source,
    }));
}
