using System.Diagnostics;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Ingest.Peft;

public class PatternKeysTests
{
    // Expected values: Python's re.match(rf"(.*\.)?({key})$", name) over the keys in order, as PEFT's get_pattern_key does.
    [Theory]
    [InlineData(new[] { "conv" }, "conv", 0)]
    [InlineData(new[] { "conv" }, "net.conv", 0)]
    [InlineData(new[] { "conv" }, "net.myconv", -1)]
    [InlineData(new[] { "conv" }, "conv.x", -1)]
    [InlineData(new[] { "^conv" }, "conv", 0)]
    [InlineData(new[] { "^conv" }, "net.conv", -1)]
    [InlineData(new[] { "a|b" }, "net.b", 0)]
    [InlineData(new[] { "a|b" }, "a.c", -1)]
    [InlineData(new[] { @"layers\.\d+\.fc" }, "model.layers.12.fc", 0)]
    [InlineData(new[] { "layers.1.fc" }, "layers.1.fc", 0)]
    [InlineData(new[] { "layers.1.fc" }, "layers_1xfc", 0)]
    [InlineData(new[] { ".*" }, "anything", 0)]
    [InlineData(new[] { "fc", "net.fc" }, "net.fc", 0)]
    [InlineData(new[] { "net.fc", "fc" }, "net.fc", 0)]
    [InlineData(new[] { "x", "net.fc" }, "net.fc", 1)]
    [InlineData(new[] { "a+b" }, "a+b", 0)]
    [InlineData(new[] { "(?!x)fc" }, "n.fc", 0)]
    [InlineData(new[] { @"(.)\3" }, "n.aa", 0)]
    [InlineData(new[] { @"(.)\3" }, "n.ab", -1)]
    [InlineData(new[] { "fc$" }, "n.fc", 0)]
    [InlineData(new[] { "FC" }, "fc", -1)]
    [InlineData(new[] { "conv_2d_2" }, "depthwise_conv_2d_2", -1)]
    [InlineData(new[] { "conv_2d_2" }, "m.conv_2d_2", 0)]
    [InlineData(new[] { "[ab]c" }, "q.bc", 0)]
    public void Matches_like_peft(string[] keys, string module, int expected)
    {
        var patterns = new PatternKeys<int>(keys.Select((k, i) => KeyValuePair.Create(k, i)), "config");

        Assert.Equal(expected, patterns.Resolve(module, -1));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a{2,1}")]
    [InlineData("(?P<name>x)")]
    public void A_key_that_is_no_expression_is_refused(string key)
    {
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => new PatternKeys<int>([KeyValuePair.Create(key, 1)], "config"));

        Assert.Equal("MCU0423", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData("(a+)+b")]
    [InlineData(@"(?!x)(a+)+\1b")]
    public void A_key_that_explodes_ends_in_seconds(string key)
    {
        var patterns = new PatternKeys<int>([KeyValuePair.Create(key, 1)], "config");
        var clock = Stopwatch.StartNew();
        try
        {
            Assert.Equal(0, patterns.Resolve(new string('a', 5000), 0));
        }
        catch (DiagnosticException error)
        {
            Assert.Equal("MCU0423", error.Diagnostic.Code);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}");
    }
}
