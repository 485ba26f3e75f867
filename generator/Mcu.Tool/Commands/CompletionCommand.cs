using System.CommandLine;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu completion</c>: a script that completes commands, options and their values in a shell.</summary>
internal sealed class CompletionCommand : ToolCommand
{
    /// <summary>
    /// Each asks the tool itself through the parser's <c>[suggest:CURSOR]</c> directive, so that the script never goes out of date; where
    /// the tool has no answer, the shell completes file names.
    /// </summary>
    private static readonly (string Shell, string Script)[] Scripts =
    [
        ("bash", """
            _mcu_complete() {
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$("$1" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _mcu_complete mcu

            """),
        ("zsh", """
            _mcu_complete() {
                local -a found
                found=(${(f)"$("$words[1]" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"})
                (( $#found )) && compadd -- $found || _files
            }
            compdef _mcu_complete mcu

            """),
        ("pwsh", """
            Register-ArgumentCompleter -Native -CommandName mcu -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                mcu "[suggest:$cursorPosition]" "$commandAst" 2>$null | Where-Object { $_ -like "$wordToComplete*" } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }

            """),
        ("fish", """
            function __mcu_complete
                set -l line (commandline -cp | string collect)
                mcu "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c mcu -a '(__mcu_complete)'

            """),
    ];

    private readonly Argument<string> shell = new("SHELL") { Description = $"One of: {string.Join(", ", Scripts.Select(s => s.Shell))}." };

    public CompletionCommand(GlobalOptions global)
        : base(
            "completion",
            "Print a script that completes commands, options and values in your shell.",
            global,
            new Example("mcu completion bash", "Source its output in ~/.bashrc: eval \"$(mcu completion bash)\"; zsh likewise, after compinit."),
            new Example("mcu completion fish", "In config.fish: mcu completion fish | source"),
            new Example("mcu completion pwsh", "In $PROFILE: mcu completion pwsh | Out-String | Invoke-Expression"))
    {
        shell.AcceptOnlyFromAmong([.. Scripts.Select(s => s.Shell)]);
        Arguments.Add(shell);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        (string name, string script) = Scripts.Single(s => s.Shell == parse.GetRequiredValue(shell));
        script = script.ReplaceLineEndings("\n");
        string text = context.Json ? JsonOutput.Text(new CompletionDocument(name, script)) + "\n" : script;
        await context.Output.WriteAsync(text.AsMemory(), cancellation);
        return ExitCode.Ok;
    }

    private sealed record CompletionDocument(string Shell, string Script);
}
