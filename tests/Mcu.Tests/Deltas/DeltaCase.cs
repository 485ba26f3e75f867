using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Deltas;

/// <summary>A base as compiled with one kernel set, and images of the adapters that other tests use too.</summary>
internal sealed record DeltaCase(AdaptedModel Model, DeltaAbi Abi)
{
    public DeltaInterface Shape { get; } = DeltaInterface.Of(Abi);

    /// <param name="model">kws, demo or kws-int8.</param>
    public static DeltaCase Of(string model, KernelSet kernels)
    {
        AdaptedModel adapted = AdaptedModel.Of(model);
        return new DeltaCase(adapted, DeltaAbi.Of(adapted.Base, kernels));
    }

    /// <summary>Every model with every packing.</summary>
    public static TheoryData<string, KernelSet> All() => new()
    {
        { "demo", KernelSet.Portable }, { "demo", KernelSet.Dsp }, { "kws", KernelSet.Portable }, { "kws", KernelSet.Dsp }, { "kws-int8", KernelSet.Dsp },
    };

    public Int8Adapter Quantised(BoundAdapter adapter, AdapterModeChoice mode) =>
        Int8AdapterBuilder.Add(Abi.Model, Model.FloatGraph, adapter, mode).Adapters[^1];

    public DeltaImage Pack(BoundAdapter adapter, AdapterModeChoice mode = AdapterModeChoice.Auto, DeltaNumbers? numbers = null) =>
        DeltaPacker.Pack(DeltaPacker.Forms(Abi, Model.FloatGraph, adapter, mode), Abi, numbers ?? new DeltaNumbers());

    public byte[] Bytes(DeltaImage image) => DeltaWriter.Write(image, Shape);

    public DeltaImage Read(byte[] bytes) => DeltaReader.Read(DeltaFile.Parse(bytes, "test.mcud"), Shape);

    /// <summary>Output bytes of the samples by the int8 reference.</summary>
    public byte[] Outputs(Int8Adapter adapter) => Outputs(Abi.Model with { Adapters = [adapter] }, 1);

    public byte[] Outputs(Int8Model model, int adapterIndex)
    {
        var runner = new Mcu.Emulation.Evaluation.ReferenceRunner(model);
        return runner.RunAsync(Model.Inputs, adapterIndex, TestContext.Current.CancellationToken).GetAwaiter().GetResult().Outputs;
    }
}
