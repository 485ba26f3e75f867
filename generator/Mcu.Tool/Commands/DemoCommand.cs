using System.CommandLine;
using System.Globalization;
using Mcu.Emulation;
using Mcu.Emulation.Demonstration;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu demo</c>: the main job on the project's own keyword-spotting network.</summary>
internal sealed class DemoCommand : ToolCommand
{
    private const string Material = "tests/demo";
    private const string OutputFolder = ".mcu/demo";

    private readonly Option<string> target = new("--target")
    {
        Description = "Emulated target.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "cortex-m4",
    };

    public DemoCommand(GlobalOptions global)
        : base(
            "demo",
            "Compile the demo network with its adapters, run it in an emulator, and compare with the float network.",
            global,
            new Example("mcu demo", "On an emulated Cortex-M4."),
            new Example("mcu demo --target cortex-m0plus", "The same for a small core."))
    {
        Options.Add(target);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string root = Checkout();
        DemoMaterial material = DemoMaterial.Load(Path.Combine(root, Material));
        DemoResult result = await WorkDisplay.RunAsync(context, "demo", stage => DemoAsync(parse, context, root, material, stage, cancellation));
        context.Result(result, console => Print(console, result));
        return ExitCode.Ok;
    }

    private async Task<DemoResult> DemoAsync(ParseResult parse, CommandContext context, string root, DemoMaterial material, Action<string> stage, CancellationToken cancellation)
    {
        string calibration = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(calibration, material.Calibration(), cancellation);
            var options = new CompileOptions
            {
                BasePath = material.BasePath,
                AdapterPaths = [.. material.Adapters.Select(a => a.Path)],
                CalibrationPath = calibration,
                Target = context.Targets.Get(parse.GetValue(target)!),
            };
            CompileResult compiled = Pipeline.Compile(options, context.Notes, (name, fraction) => stage(WorkDisplay.Stage(name, fraction)), cancellation);
            string folder = Path.Combine(root, OutputFolder);
            using (var output = AtomicFolder.Create(folder))
            {
                EmittedFiles.Write(compiled.Files, output.WorkPath);
                output.Commit();
            }

            return await new DemoRunner(new ToolProbe(), context.Notes, stage).RunAsync(material, options, compiled, folder, cancellation);
        }
        finally
        {
            File.Delete(calibration);
        }
    }

    /// <summary>The checkout above the tool; MCU0140 when it was installed otherwise.</summary>
    private static string Checkout()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, Material)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DiagnosticException("MCU0140", "The demo's material is part of the project's checkout.", "", "Run ./mcu demo in a clone of the project.");
    }

    private static void Print(IAnsiConsole console, DemoResult result)
    {
        console.WriteLine($"Accuracy on the test split (float network, int8 reference, firmware on the emulated {result.Target}):");
        Table accuracy = Tables.Create("domain", "adapter", "float", "int8 reference", $"qemu:{result.Target}").Right(2, 3, 4);
        foreach (DemoAccuracy row in result.Accuracy)
        {
            accuracy.AddRow(Markup.Escape(row.Domain), Markup.Escape(row.Adapter), Percent(row.Float), Percent(row.Reference), Percent(row.Emulator));
        }

        console.Write(accuracy);
        Table cost = Tables.Create("adapter", "instructions", "stack bytes", "delta bytes").Right(1, 2, 3);
        foreach (DemoCost row in result.Costs)
        {
            cost.AddRow(Markup.Escape(row.Adapter), Number(row.Instructions), Number(row.StackBytes), Number(row.DeltaBytes));
        }

        console.Write(cost);
        console.WriteLine($"Arena {Number(result.ArenaBytes)} bytes, flash {Number(result.CodeBytes + result.WeightBytes)} bytes (code {Number(result.CodeBytes)}, weights {Number(result.WeightBytes)}) without adapters.");
        console.WriteLine($"Sources and report: {result.OutputFolder}");
    }

    private static string Percent(double value) => (100 * value).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');
}
