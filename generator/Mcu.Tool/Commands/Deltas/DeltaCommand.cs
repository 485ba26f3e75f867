using System.CommandLine;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta</c>: makes and examines delta images.</summary>
internal sealed class DeltaCommand : ToolCommand
{
    public DeltaCommand(GlobalOptions global)
        : base(
            "delta",
            "Make, sign, check, compose and unpack delta images (.mcud): adapters that a device loads at run time.",
            global,
            new Example("mcu delta pack kws_int8.tflite --adapter factory -o factory.mcud", "An adapter as an image of a few kilobytes."),
            new Example("mcu delta sign factory.mcud --key private.pem --kid 0a01", "Sign it."),
            new Example("mcu delta verify factory.mcud --against kws_int8.tflite --trust trust.json", "Check everything a device checks."))
    {
        Add(new DeltaPackCommand(global));
        Add(new DeltaInspectCommand(global));
        Add(new DeltaVerifyCommand(global));
        Add(new DeltaSignCommand(global));
        Add(new DeltaComposeCommand(global));
        Add(new DeltaDiffCommand(global));
        Add(new DeltaApplyCommand(global));
        Add(new DeltaUnpackCommand(global));
        Add(new DeltaEncryptCommand(global));
        Add(new DeltaDecryptCommand(global));
    }

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation) => throw new DiagnosticException(
        ParseErrors.Code, "The command needs to know what to do with a delta image.", "mcu delta", $"Give one of: {string.Join(", ", Subcommands.Select(c => c.Name))}.");
}
