using Mcu.Generator.Emit.C;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>Names come from files of strangers: they reach C as harmless identifiers and comments.</summary>
public sealed class HostileNameTests
{
    public static TheoryData<string> Names =>
    [
        "*/ #error out /*", "a\"b\\\nc??/", "\u65e5\u672c\u8a9e \ud83d\ude00", new string('x', 10_000), "while", "class", "int8", "size", "mcu_linear",
        "runtime", "linear", "123", "", "CON", "../../etc/passwd", "%s%n {{ prefix }}", "layer", "_Bool",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_name_gives_c_that_compiles(string name)
    {
        Int8Model model = TinyModels.Images(nodeName: name.Length == 0 ? " " : name, file: name, adapterName: name);
        SortedDictionary<string, string> files = Firmware.Emit(model, "host", name);

        Assert.All(files.Keys, path => Assert.Matches("^(mcu/)?[a-zA-Z0-9_]{1,100}\\.(c|h|txt|json)$", path));
        Assert.All(files.Where(f => f.Key.EndsWith(".c", StringComparison.Ordinal) || f.Key.EndsWith(".h", StringComparison.Ordinal)), f => Assert.All(f.Value, c => Assert.True(c is '\n' or (>= ' ' and <= '~'), f.Key)));
        Assert.Equal("", await Compilers.CheckAsync(Firmware.Write(files), "gcc"));
    }

    [Theory]
    [InlineData("Kws-01", "kws_01")]
    [InlineData("9lives", "net_9lives")]
    [InlineData("int32", "net_int32")]
    [InlineData("size", "net_size")]
    [InlineData("MCU runtime", "net_mcu_runtime")]
    [InlineData("", "net")]
    public void Identifiers_avoid_what_c_and_the_runtime_own(string name, string expected) => Assert.Equal(expected, CNames.Identifier(name));
}
