using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Element types of NumPy files that are read.</summary>
public enum NumpyType
{
    Float32,
    Float64,
    Int8,
    UInt8,
    Int16,
    Int32,
    Int64,
}

/// <summary>A named array of a NumPy file, in C order whatever the order in the file was.</summary>
/// <param name="Name">Name in the archive; the file's name without ending for a single array.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions; no dimension means a scalar, a dimension may be 0.</param>
/// <param name="Data">float[], double[], sbyte[], byte[], short[], int[] or long[].</param>
public sealed record NumpyArray(string Name, NumpyType Type, Shape Shape, Array Data);
