using System.CommandLine;
using System.Text.Json;
using Mcu.Tool.Cli;

namespace Mcu.Tests.Cli;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands => [.. CommandLine.Create().Subcommands.Select(command => command.Name)];

    [Fact]
    public void Without_arguments_the_help_with_version_and_commands_is_printed()
    {
        ToolRun run = Tool.Run();
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"mcu {CommandLine.Version}", run.Output, StringComparison.Ordinal);
        Assert.All(CommandLine.Create().Subcommands, command => Assert.Contains($"\n  {command.Name} ", run.Output, StringComparison.Ordinal));
        Assert.Empty(run.Error);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_of_a_command_ends_with_examples_that_call_it_and_parse(string command)
    {
        ToolRun run = InProcess(command, "--help");
        Assert.Equal(0, run.ExitCode);
        string[] examples = [.. run.Output[run.Output.IndexOf("Examples:\n", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("  mcu ", StringComparison.Ordinal))];
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.StartsWith($"  mcu {command}", example, StringComparison.Ordinal));
        Assert.All(examples, example => Assert.Empty(CommandLine.Create().Parse(example.Trim()["mcu ".Length..]).Errors));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_option_and_argument_of_a_command_is_described(string command)
    {
        Command parsed = CommandLine.Create().Subcommands.Single(sub => sub.Name == command);
        Assert.All(parsed.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(parsed.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), argument.Name));
    }

    [Fact]
    public void Help_and_version_are_one_document_with_json()
    {
        Assert.Contains("Usage:", Tool.Run("targets", "--help", "--json").Json().GetProperty("help").GetString(), StringComparison.Ordinal);
        Assert.Equal(CommandLine.Version, Tool.Run("--version", "--json").Json().GetProperty("version").GetString());
        Assert.Equal(CommandLine.Version + "\n", Tool.Run("--version").Output);
    }

    [Theory]
    [InlineData("MCU0001", "doktor", "'doctor'")]
    [InlineData("MCU0001", "targts", "'targets'")]
    [InlineData("MCU0001", "tset", "'test'")]
    [InlineData("MCU0001", "targets --jsno", "'--json'")]
    [InlineData("MCU0001", "test --fliter X", "'--filter'")]
    public void A_mistyped_word_exits_1_and_suggests_the_nearest(string code, string line, string suggestion)
    {
        ToolRun run = InProcess(line.Split(' '));
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.Contains($"error {code}:", run.Error, StringComparison.Ordinal);
        Assert.Contains($"Did you mean {suggestion}?", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zzzzzzzz")]
    [InlineData("targets extra")]
    [InlineData("test --filter")]
    public void A_command_line_that_does_not_parse_is_one_error_document_with_json(string line)
    {
        ToolRun run = InProcess([.. line.Split(' '), "--json"]);
        Assert.Equal(1, run.ExitCode);
        JsonElement error = run.Json().GetProperty("error");
        Assert.Equal("MCU0001", error.GetProperty("code").GetString());
        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        Assert.True(error.TryGetProperty("location", out _));
        Assert.False(string.IsNullOrEmpty(error.GetProperty("hint").GetString()));
    }

    [Fact]
    public void An_unknown_word_with_control_characters_cannot_move_the_terminals_cursor()
    {
        ToolRun run = InProcess("evil\u001b[2J");
        Assert.DoesNotContain('\u001b', run.Error);
        Assert.Contains("\\u001b", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("tset", "test", 1)]
    [InlineData("ab", "ba", 1)]
    public void Edits_between_words_are_counted(string a, string b, int edits)
    {
        Assert.Equal(edits, Suggestions.Distance(a, b));
        Assert.Equal(edits, Suggestions.Distance(b, a));
    }

    [Fact]
    public void Output_is_utf8_without_a_byte_order_mark_whatever_the_locale()
    {
        var environment = new Dictionary<string, string?> { ["LC_ALL"] = "de_DE.ISO-8859-1", ["LANG"] = "de_DE.ISO-8859-1" };
        using var tool = new RunningTool("dotnet", [Tool.Dll, "targets"], environment);
        ToolRun run = tool.Wait();
        Assert.Contains("─", run.Output, StringComparison.Ordinal);
        Assert.NotEqual('\uFEFF', run.Output[0]);
    }

    /// <summary>The same as a process, without its start-up time.</summary>
    internal static ToolRun InProcess(params string[] arguments) =>
        InProcessAsync(arguments, CancellationToken.None).GetAwaiter().GetResult();

    internal static async Task<ToolRun> InProcessAsync(string[] arguments, CancellationToken cancellation)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int exit = await new Application(output, error).RunAsync(arguments, cancellation);
        return new ToolRun(exit, output.ToString(), error.ToString());
    }
}
