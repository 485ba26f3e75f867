using System.CommandLine;
using Mcu.Generator.Targets;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu targets</c>: what code can be built for and run on.</summary>
internal sealed class TargetsCommand : ToolCommand
{
    public TargetsCommand(GlobalOptions global)
        : base(
            "targets",
            "List the targets: what firmware can be compiled for and run on.",
            global,
            new Example("mcu targets", "A table of all targets."),
            new Example("mcu targets --json", "The same for a program."))
    {
    }

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        TargetRow[] rows = [.. context.Targets.Targets.Select(TargetRow.Of)];
        context.Result(new TargetsDocument(rows), console => Print(console, rows));
        return Task.FromResult(ExitCode.Ok);
    }

    private static void Print(IAnsiConsole console, TargetRow[] rows)
    {
        Table table = Tables.Create("target", "what it is", "kernels", "runs on");
        foreach (TargetRow row in rows)
        {
            table.AddRow(Markup.Escape(row.Name), Markup.Escape(row.Description), row.Kernels, Markup.Escape(string.Join(", ", row.RunsOn)));
        }

        console.Write(table);
        foreach (TargetRow row in rows)
        {
            foreach (string note in row.Notes)
            {
                console.WriteLine($"{row.Name}: {note}");
            }
        }
    }

    private sealed record TargetsDocument(IReadOnlyList<TargetRow> Targets);

    private sealed record TargetRow(
        string Name,
        string Description,
        string Core,
        string Compiler,
        string Kernels,
        bool Dsp,
        bool Mve,
        bool Fpu,
        uint? FlashBytes,
        uint? RamBytes,
        string? QemuMachine,
        IReadOnlyList<string> RunsOn,
        IReadOnlyList<string> Notes)
    {
        public static TargetRow Of(TargetDescription target) => new(
            target.Name,
            target.Description,
            target.Core,
            target.IsHost ? "cc" : "arm-none-eabi-gcc",
            target.Kernels switch { KernelFlavour.ArmDsp => "arm-dsp", KernelFlavour.ArmMve => "arm-mve", _ => "portable" },
            target.Isa.Dsp,
            target.Isa.Mve,
            target.Isa.Fpu,
            target.Firmware?.Flash.Length,
            target.Firmware?.Ram.Length,
            target.Qemu?.Machine,
            target.IsHost ? ["host"] : target.Qemu is null ? [] : [$"qemu:{target.Name}"],
            target.Notes);
    }
}
