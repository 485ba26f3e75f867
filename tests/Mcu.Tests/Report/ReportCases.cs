using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Planning;
using Mcu.Generator.Report;

namespace Mcu.Tests.Report;

/// <summary>A small report in which every string can be replaced.</summary>
internal static class ReportCases
{
    private const string Sha = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    public static CompileReport Sample(Func<string, string>? rename = null)
    {
        Func<string, string> name = rename ?? (text => text);
        return new CompileReport
        {
            ToolVersion = name("0.1.0"),
            Model = new ReportedModel(name("kws"), name("kws_int8.tflite"), name(Sha)),
            Target = name("cortex-m4"),
            Totals = new ReportTotals(1400, 23000, 700, 2656768) { BaseArenaBytes = 1300 },
            Layers = Layers(name),
            Adapters = Adapters(name),
            Plan = Plan(name),
            Diagnostics = [new DiagnosticReport(name("MCU0701"), name("note"), name("clipped"), name("conv"), name("calibrate"))],
        };
    }

    private static EquatableArray<LayerReport> Layers(Func<string, string> name) =>
    [
        Layer(0, name, "conv", "Conv2D", [1, 49, 10, 1], [1, 25, 5, 8], [new(1, AdapterMode.MergeCopy), new(2, AdapterMode.Side)]),
        Layer(1, name, "dw", "DepthwiseConv2D", [1, 25, 5, 8], [1, 25, 5, 8], []),
        Layer(2, name, "fc", "FullyConnected", [1, 1000], [1, 12], [new(1, AdapterMode.Replace)]),
    ];

    private static LayerReport Layer(
        int index, Func<string, string> name, string id, string op, EquatableArray<int> input, EquatableArray<int> output, EquatableArray<LayerAdapter> modes) => new()
        {
            Index = index,
            Name = name(id),
            Operator = name(op),
            Kernel = name("mcu_" + id + "_s8__dsp"),
            InputShape = input,
            OutputShape = output,
            Macs = 1234567,
            FlashBytes = 4321,
            RamBytes = 1400,
            ScratchBytes = index == 0 ? 160 : 0,
            AdapterModes = modes,
        };

    private static EquatableArray<AdapterReport> Adapters(Func<string, string> name) =>
    [
        new AdapterReport
        {
            Index = 1,
            Name = name("accent"),
            Sha256 = name(Sha),
            Methods = [name("lora"), name("replacement")],
            FlashBytes = 600,
            RamBytes = 0,
            ScratchBytes = 0,
            ExtraMacs = 0,
            Layers =
            [
                new(0, name("conv"), AdapterMode.MergeCopy, 400, 0, name("3 of 1000 outputs differ")),
                new(2, name("fc"), AdapterMode.Replace, 200, 0, ""),
            ],
        },
        new AdapterReport
        {
            Index = 2,
            Name = name("noise"),
            Sha256 = name(Sha),
            Methods = [name("lora")],
            FlashBytes = 100,
            RamBytes = 100,
            ScratchBytes = 160,
            ExtraMacs = 9000,
            Layers = [new(0, name("conv"), AdapterMode.Side, 100, 9000, "")],
        },
        new AdapterReport
        {
            Index = 3,
            Name = name("prefix"),
            Sha256 = name(Sha),
            Methods = [name("bottleneck")],
            FlashBytes = 50,
            RamBytes = 0,
            ScratchBytes = 0,
            ExtraMacs = 0,
            Layers = [],
            Program = new(1600, 2345678, Layers(name)),
        },
    ];

    /// <summary>490 + 160 scratch and 1000 live at step 0; 1000 in place of 1000 at step 1.</summary>
    private static PlanReport Plan(Func<string, string> name)
    {
        BufferRequest[] buffers =
        [
            new(name("input"), 490, 0, 0), new(name("conv"), 1000, 0, 1), new(name("dw"), 1000, 1, 2), new(name("fc"), 12, 2, 2), new(name("patch"), 160, 0, 0),
        ];
        var problem = new PlanProblem(buffers.ToEquatableArray(), [new OverlapRule(name("conv"), name("dw"), 0)]);
        MemoryPlan plan = MemoryPlanner.Plan(problem, PlannerOptions.Default, TestContext.Current.CancellationToken);
        string scratch = name("patch");
        return PlanReport.From(problem, plan, buffer => string.Equals(buffer, scratch, StringComparison.Ordinal));
    }
}
