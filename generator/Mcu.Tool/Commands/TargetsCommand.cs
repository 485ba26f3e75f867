using System.CommandLine;
using Mcu.Emulation;
using Mcu.Emulation.Renode;
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
            new Example("mcu targets", "A table of all targets, and whether this machine has what they need."),
            new Example("mcu targets --json", "The same for a program."))
    {
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        var probe = new ToolProbe();
        var rows = new List<TargetRow>();
        foreach (TargetDescription target in context.Targets.Targets)
        {
            var places = new List<PlaceRow>();
            foreach ((string place, bool inRenode) in PlacesOf(target))
            {
                string[] missing = await MissingAsync(probe, ToolProbe.KindsFor(target, inRenode), cancellation);
                places.Add(new PlaceRow(place, missing.Length == 0, missing));
            }

            rows.Add(TargetRow.Of(target, places));
        }

        context.Result(new TargetsDocument(rows), console => Print(console, rows));
        return ExitCode.Ok;
    }

    /// <summary>Words of <c>--on</c> that run a target's firmware.</summary>
    private static IEnumerable<(string Place, bool InRenode)> PlacesOf(TargetDescription target)
    {
        if (target.IsHost)
        {
            yield return ("host", false);
        }

        if (target.Qemu is not null)
        {
            yield return ($"qemu:{target.Name}", false);
        }

        if (RenodeEmulator.Supports(target))
        {
            yield return ($"renode:{target.Name}", true);
        }
    }

    /// <summary>Names of the tools that this machine lacks.</summary>
    private static async Task<string[]> MissingAsync(ToolProbe probe, IReadOnlyList<ToolKind> kinds, CancellationToken cancellation)
    {
        ToolStatus[] found = await Task.WhenAll(kinds.Select(kind => probe.ProbeAsync(kind, cancellation)));
        return [.. found.Where(tool => !tool.Found).Select(tool => tool.Name)];
    }

    private static void Print(IAnsiConsole console, List<TargetRow> rows)
    {
        Table table = Tables.Create("target", "what it is", "kernels", "runs on", "usable here");
        foreach (TargetRow row in rows)
        {
            table.AddRow(Markup.Escape(row.Name), Markup.Escape(row.Description), row.Kernels, string.Join('\n', row.Places.Select(place => Markup.Escape(place.On))), string.Join('\n', row.Places.Select(Usable)));
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

    private static string Usable(PlaceRow place) => place.Usable ? "[green]yes[/]" : $"[yellow]no: needs {Markup.Escape(string.Join(", ", place.Missing))}[/]";

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
        string? RenodePlatform,
        IReadOnlyList<string> RunsOn,
        IReadOnlyList<PlaceRow> Places,
        IReadOnlyList<string> Notes,
        bool Usable,
        IReadOnlyList<string> Missing)
    {
        public static TargetRow Of(TargetDescription target, List<PlaceRow> places) => new(
            target.Name,
            target.Description,
            target.Core,
            target.Toolchain switch
            {
                ToolchainKind.HostCc => "cc",
                ToolchainKind.RiscvElfGcc => "riscv64-unknown-elf-gcc",
                ToolchainKind.AvrGcc => "avr-gcc",
                _ => "arm-none-eabi-gcc",
            },
            target.Kernels switch { KernelFlavour.ArmDsp => "arm-dsp", KernelFlavour.ArmMve => "arm-mve", _ => "portable" },
            target.Isa.Dsp,
            target.Isa.Mve,
            target.Isa.Fpu,
            target.Firmware?.Flash.Length,
            target.Firmware?.Ram.Length,
            target.Qemu?.Machine,
            target.Renode?.Platform,
            [.. places.Select(place => place.On)],
            places,
            [.. target.Notes, .. target.Qemu?.Notes ?? [], .. target.Renode?.Notes ?? []],
            places.Any(place => place.Usable),
            places.Any(place => place.Usable) ? [] : places.Select(place => place.Missing).FirstOrDefault() ?? []);
    }

    /// <param name="On">For <c>--on</c>.</param>
    private sealed record PlaceRow(string On, bool Usable, IReadOnlyList<string> Missing);
}
