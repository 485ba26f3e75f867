using Mcu.Emulation.Evaluation;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.EndToEnd;

/// <summary>PEFT folders to firmware: each adapter and the base alone, byte for byte, in both modes.</summary>
public sealed class AdapterTests
{
    public static TheoryData<string, AdapterModeChoice, string> Cases
    {
        get
        {
            var data = new TheoryData<string, AdapterModeChoice, string>();
            foreach (string model in (string[])["demo", "kws", "kws_int8"])
            {
                foreach (AdapterModeChoice mode in (AdapterModeChoice[])[AdapterModeChoice.Merge, AdapterModeChoice.Side])
                {
                    foreach (string target in (string[])["host", "cortex-m4", "cortex-m0plus"])
                    {
                        data.Add(model, mode, target);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Firmware_equals_the_reference_for_every_adapter_and_for_none(string name, AdapterModeChoice mode, string target)
    {
        AdaptedModel adapted = AdaptedModel.Of(name);
        Int8Model model = adapted.WithMode(mode);
        var reference = new ReferenceRunner(model);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        CancellationToken token = TestContext.Current.CancellationToken;
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            RunMeasurements expected = await reference.RunAsync(adapted.Inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(adapted.Inputs, adapter, token);

            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), $"adapter {adapter}");
        }
    }

    [Fact]
    public async Task An_adapted_int8_file_keeps_its_golden_bytes_without_adapter()
    {
        AdaptedModel adapted = AdaptedModel.Of("kws_int8");
        var reference = new ReferenceRunner(adapted.WithMode(AdapterModeChoice.Side));

        RunMeasurements none = await reference.RunAsync(GoldenModel.Inputs(490), 0, TestContext.Current.CancellationToken);
        RunMeasurements one = await reference.RunAsync(GoldenModel.Inputs(490), 1, TestContext.Current.CancellationToken);

        Assert.Equal(GoldenModel.Expected("kws"), none.Outputs);
        Assert.NotEqual(none.Outputs, one.Outputs);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("kws")]
    [InlineData("kws_int8")]
    public void Side_path_and_merge_differ_by_at_most_one_step_on_99_percent(string name)
    {
        AdaptedModel adapted = AdaptedModel.Of(name);
        Int8Model side = adapted.WithMode(AdapterModeChoice.Side);
        Int8Model merge = adapted.WithMode(AdapterModeChoice.Merge);
        var failures = new List<string>();
        for (int adapter = 1; adapter <= side.Adapters.Length; adapter++)
        {
            foreach ((string node, LayerVariant variant) in side.Adapters[adapter - 1].Variants.Where(v => v.Value.Mode == AdapterMode.Side))
            {
                LayerVariant merged = merge.Adapters[adapter - 1].Variants[node];
                (double equal, double close) = VariantComparison.Of(side, adapted.Inputs, node, adapter, variant.Linear, merged.Linear);
                string line = $"{name} {side.Adapters[adapter - 1].Name} {node} {merged.Mode}: {equal:P2} equal, {close:P2} within one step";
                TestContext.Current.TestOutputHelper?.WriteLine(line);
                if (merged.Mode == AdapterMode.MergeCopy && close < 0.99)
                {
                    failures.Add(line);
                }
            }
        }

        Assert.Empty(failures);
    }

    [Fact]
    public void A_sparse_merge_says_how_far_it_is_from_a_merge_with_new_scales()
    {
        Int8Model model = AdaptedModel.Of("kws").WithMode(AdapterModeChoice.Merge);

        LayerVariant[] variants = [.. model.Adapters[3].Variants.Values];

        Assert.Equal(2, variants.Length);
        Assert.All(variants, v => Assert.Equal(AdapterMode.MergeSparse, v.Mode));
        Assert.All(variants, v => Assert.Matches("[0-9]+ weights changed .* differ by 1, .* by more", v.Note));
    }
}
