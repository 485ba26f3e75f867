using System.CommandLine;
using System.Runtime.InteropServices;
using Mcu.Emulation;
using Mcu.Emulation.Managed.NanoClr;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu doctor</c>: which tools this machine has.</summary>
internal sealed class DoctorCommand : ToolCommand
{
    public DoctorCommand(GlobalOptions global)
        : base(
            "doctor",
            "Show which tools are found, their versions, what is missing and how to get it. Exits 5 when a required tool is missing.",
            global,
            new Example("mcu doctor", "A table of all tools."),
            new Example("mcu doctor --json", "The same for a program."))
    {
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        IReadOnlyList<ToolStatus> found = await new ToolProbe().ProbeAllAsync(cancellation);
        ToolRow[] rows = [DotNet(), .. found.Select(ToolRow.Of), .. NanoClrTools.Probe(Environment.GetEnvironmentVariable).Select(ToolRow.Of)];
        bool healthy = rows.All(row => row.Found || !row.Required);
        context.Result(new DoctorDocument(healthy, CommandLine.Version, rows), console => Print(console, rows));
        return healthy ? ExitCode.Ok : ExitCode.ToolMissing;
    }

    private static ToolRow DotNet() => new("dotnet", ".NET runtime", true, true, RuntimeEnvironment.GetRuntimeDirectory(), RuntimeInformation.FrameworkDescription, "");

    private static void Print(IAnsiConsole console, ToolRow[] rows)
    {
        Table table = Tables.Create("tool", "found", "version", "where");
        foreach (ToolRow row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Name),
                row.Found ? "[green]yes[/]" : row.Required ? "[red]no[/]" : "[yellow]no, optional[/]",
                Markup.Escape(row.Version ?? ""),
                Markup.Escape(row.Path ?? ""));
        }

        console.Write(table);
        foreach (ToolRow row in rows.Where(row => !row.Found))
        {
            console.WriteLine($"{row.Name}: {row.HowToGet}");
        }
    }

    private sealed record DoctorDocument(bool Healthy, string McuVersion, IReadOnlyList<ToolRow> Tools);

    private sealed record ToolRow(string Id, string Name, bool Required, bool Found, string? Path, string? Version, string HowToGet)
    {
        public static ToolRow Of(ToolStatus tool) => new(
            Identifier(tool.Kind), tool.Name, tool.Required, tool.Found, tool.Path, tool.Version, tool.Found ? "" : tool.HowToGet);

        public static ToolRow Of(NanoClrTool tool) => new(tool.Id, tool.Name, false, tool.Path is not null, tool.Path, null, tool.Path is null ? tool.HowToGet : "");

        private static string Identifier(ToolKind kind) => kind switch
        {
            ToolKind.HostCompiler => "host-compiler",
            ToolKind.ArmCompiler => "arm-compiler",
            ToolKind.ArmLibrary => "arm-library",
            ToolKind.Qemu => "qemu",
            ToolKind.Clang => "clang",
            ToolKind.RiscvCompiler => "riscv-compiler",
            ToolKind.RiscvLibrary => "riscv-library",
            ToolKind.QemuRiscv => "qemu-riscv",
            ToolKind.AvrCompiler => "avr-compiler",
            ToolKind.AvrLibrary => "avr-library",
            ToolKind.QemuAvr => "qemu-avr",
            _ => "renode",
        };
    }
}
