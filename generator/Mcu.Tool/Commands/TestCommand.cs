using System.CommandLine;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;
using Mcu.Tool.TestSuite;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu test</c>: the project's own tests.</summary>
internal sealed class TestCommand : ToolCommand
{
    private readonly Option<string?> filter = new("--filter")
    {
        Description = "Only tests whose full name (namespace, class, method) contains this text.",
        HelpName = "TEXT",
    };

    public TestCommand(GlobalOptions global)
        : base(
            "test",
            "Build and run the project's own tests; the last line is 'N passed, N failed, N skipped'.",
            global,
            new Example("mcu test", "Run all tests."),
            new Example("mcu test --filter Tflite", "Run the tests whose name contains 'Tflite'."),
            new Example("mcu test --filter DeltaBudget --verbose", "Show what those tests print, such as bytes that they measured."))
    {
        Options.Add(filter);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        SuiteRunner runner = SuiteRunner.ForThisCheckout();
        TextWriter progress = context.Json ? context.Error : context.Output;
        context.Say("Building the tests ...");
        if (!await runner.BuildAsync(context.Error, cancellation))
        {
            throw new DiagnosticException("MCU0005", "The tests do not build; the log is above.", "", "Check that the NuGet feed can be reached and that the checkout is complete.");
        }

        var printer = new TestPrinter(progress, context.Verbose);
        string? name = parse.GetValue(filter);
        TestReport report = await runner.RunTestsAsync(name, printer.Ended, cancellation);
        if (name is not null && report.Outcomes.Count == 0)
        {
            throw new DiagnosticException("MCU0114", $"No test has '{name}' in its name.", "", "A name is namespace, class and method, such as Mcu.Tests.Cli.");
        }

        context.Result(report, _ => printer.Finish(report));
        return report.Failed > 0 ? ExitCode.CheckFailed : ExitCode.Ok;
    }
}
