using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Element types of a safetensors file that this reader turns into arrays.</summary>
public enum SafetensorsType
{
    F32,
    F16,
    BF16,
    I8,
    I32,
    I64,
}

/// <summary>One tensor of a safetensors file, row-major.</summary>
/// <param name="Name">Key in the file's header; unique.</param>
/// <param name="Type">Element type as stored.</param>
/// <param name="Shape">Dimensions; a dimension may be 0, no dimension means a scalar.</param>
/// <param name="Data">Elements; all three float types are widened to float.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, Shape Shape, TensorData Data)
{
    /// <summary>Whether the elements are real numbers (<see cref="FloatData"/>).</summary>
    public bool IsFloat => Data is FloatData;
}
