using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Emit;

/// <summary>Describes an emission in its manifest.</summary>
public static class ManifestBuilder
{
    public static EmittedManifest Build(CProgram program, CEmission emission, string name, string prefix, string target) => new()
    {
        Name = name,
        Prefix = prefix,
        ToolVersion = ToolVersion.Text,
        Target = target,
        Header = prefix + ".h",
        Sources = emission.Sources,
        IncludeDirs = [".", "mcu"],
        CompileDefinitions = EquatableArray<string>.Empty,
        Input = Port(program.Input),
        Output = Port(program.Output),
        ArenaBytes = program.ArenaBytes,
        WeightBytes = emission.WeightBytes,
        AdapterBytes = emission.AdapterBytes,
        Adapters = program.Model.Adapters.Select((a, i) => new EmittedAdapter { Index = i + 1, Name = a.Name, ArenaBytes = program.Programs[i]?.OwnArenaBytes })
            .Prepend(new EmittedAdapter { Index = 0, Name = "NONE" }).ToEquatableArray(),
        Deltas = program.Deltas.IsOn ? program.Deltas.Images : null,
        ModelSha256 = program.Model.Graph.Source.Sha256,
        Layers = program.Steps.Select(s => s.Node.Name).ToEquatableArray(),
        LayerOutputs = program.Steps.Select(s => LayerOutput(program, program.Model.Graph[s.Node.Outputs[0]])).ToEquatableArray(),
    };

    /// <summary>The manifest of a folder of C# instead; the same where there is none.</summary>
    public static EmittedManifest InCSharp(EmittedManifest manifest, NanoEmission? emission) => emission is null
        ? manifest
        : manifest with
        {
            Language = NanoEmission.Language,
            Namespace = emission.Namespace,
            Native = emission.Contract is null ? null : InteropEmitter.Folder,
            Header = emission.ClassName + ".cs",
            Sources = emission.Sources,
            IncludeDirs = [],
            HeapBytes = checked((int)emission.HeapBytes),
            LayerOutputs = null,
        };

    private static EmittedLayerOutput LayerOutput(CProgram program, Tensor tensor) =>
        new() { Tensor = tensor.Name, Offset = program.OffsetOf(tensor.Name), Bytes = (int)tensor.Shape.Elements };

    private static EmittedPort Port(Tensor tensor) => new()
    {
        Type = "int8",
        Shape = tensor.Shape.Dims,
        Bytes = (int)tensor.Shape.Elements,
        Scale = tensor.Quantization!.Scale,
        ZeroPoint = tensor.Quantization.ZeroPoint,
    };
}
