using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;

namespace Mcu.Tool.Cli;

/// <summary>The library's help, followed by the command's examples; one document with <c>--json</c>.</summary>
internal sealed partial class HelpText(HelpAction library, IReadOnlyList<Example> rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        string text = Render(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (GlobalOptions.AsksForJson(parseResult.Tokens.Select(token => token.Value)))
        {
            output.WriteLine(JsonOutput.Text(new HelpDocument(text)));
        }
        else
        {
            output.Write(text);
        }

        return ExitCode.Ok;
    }

    private string Render(ParseResult parse)
    {
        using var text = new StringWriter { NewLine = "\n" };
        TextWriter output = parse.InvocationConfiguration.Output;
        parse.InvocationConfiguration.Output = text;
        try
        {
            library.Invoke(parse);
        }
        finally
        {
            parse.InvocationConfiguration.Output = output;
        }

        WriteExamples(text, (parse.CommandResult.Command as ToolCommand)?.Examples ?? rootExamples);
        return LibrarysDefault().Replace(text.ToString(), "").TrimEnd('\n') + "\n";
    }

    /// <summary>Descriptions name the default as a user writes it; the library adds the value's name in the program.</summary>
    [GeneratedRegex(@" \[default: [^\]]*\]")]
    private static partial Regex LibrarysDefault();

    private static void WriteExamples(StringWriter text, IReadOnlyList<Example> examples)
    {
        text.WriteLine("Examples:");
        foreach (Example example in examples)
        {
            text.WriteLine($"  {example.CommandLine}");
            text.WriteLine($"      {example.Meaning}");
        }
    }

    private sealed record HelpDocument(string Help);
}
