using Mcu.Tests.EndToEnd;
using Mcu.Tests.Packaging;

namespace Mcu.Tests.Cli;

/// <summary><c>mcu completion</c>: the script, in the shells that are there.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("pwsh")]
    [InlineData("fish")]
    public void Every_shell_has_a_script_that_asks_the_tool(string shell)
    {
        ToolRun text = CommandLineTests.InProcess("completion", shell);
        Assert.Equal(0, text.ExitCode);
        Assert.Contains("[suggest:", text.Output, StringComparison.Ordinal);
        Assert.Equal(text.Output, CommandLineTests.InProcess("completion", shell, "--json").Json().GetProperty("script").GetString());
    }

    [Fact]
    public void An_unknown_shell_is_refused()
    {
        ToolRun run = CommandLineTests.InProcess("completion", "tcsh");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0001", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mcu comp", "compare compile completion")]
    [InlineData("mcu compile --adapter-m", "--adapter-map --adapter-mode")]
    [InlineData("mcu compile --adapter-mode ", "auto merge side")]
    [InlineData("mcu compile --form z", "zephyr")]
    [InlineData("mcu compile --target cortex-m5", "cortex-m55")]
    [InlineData("mcu completion z", "zsh")]
    public void Bash_completes_commands_options_and_values(string line, string expected)
    {
        Assert.SkipUnless(Programs.Has("bash"), "needs bash");
        string bin = Directory.CreateDirectory(Path.Combine(TestFolder.Create("completion"), "bin")).FullName;
        string mcu = Path.Combine(bin, "mcu");
        File.WriteAllText(mcu, $"#!/bin/sh\nexec dotnet '{Tool.Dll}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(mcu, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        string script = $$"""
            eval "$(mcu completion bash)"
            COMP_LINE='{{line}}'; COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _mcu_complete mcu
            printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
            """;
        var shell = new Sdk(bin, new Dictionary<string, string?> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}" });
        Assert.Equal(expected, shell.Run("bash", "-c", script));
    }
}
