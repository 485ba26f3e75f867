using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Mcu.Tool.Commands;
using Mcu.Tool.Commands.Deltas;

namespace Mcu.Tool.Cli;

/// <summary>The command tree: one line per command.</summary>
internal static class CommandLine
{
    private static readonly Example[] RootExamples =
    [
        new("mcu compile kws_int8.tflite --adapter factory -o build/kws", "C for a Cortex-M4 from a base and an adapter."),
        new("mcu run build/kws --on qemu:cortex-m4 --input sample.bin", "Build that and run it in the emulator."),
        new("mcu doctor", "Show which tools are there and how to get those that are missing."),
        new("mcu test", "Run the project's own tests."),
    ];

    /// <summary>Version of the tool, such as <c>0.1.0</c>.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    public static RootCommand Create()
    {
        var global = new GlobalOptions();
        var root = new RootCommand($"mcu {Version}: compiles one frozen network and many small PEFT adapters to int8 firmware.")
        {
            global.Json,
            global.Verbose,
            global.TargetFolder,
            new DemoCommand(global),
            new CompileCommand(global),
            new RunCommand(global),
            new EvalCommand(global),
            new SelectCommand(global),
            new VerifyCommand(global),
            new BenchCommand(global),
            new CompareCommand(global),
            new InspectCommand(global),
            new DeltaCommand(global),
            new TargetsCommand(global),
            new DoctorCommand(global),
            new CompletionCommand(global),
            new TestCommand(global),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        var helpText = new HelpText((HelpAction)help.Action!, RootExamples);
        help.Action = helpText;
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        root.Options.Add(new Option<bool>("--version") { Description = "Print the version.", Action = new VersionText() });
        root.SetAction(helpText.Invoke);
        return root;
    }

    private sealed class VersionText : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            bool json = GlobalOptions.AsksForJson(parseResult.Tokens.Select(token => token.Value));
            output.WriteLine(json ? JsonOutput.Text(new VersionDocument(Version)) : Version);
            return ExitCode.Ok;
        }
    }

    private sealed record VersionDocument(string Version);
}
