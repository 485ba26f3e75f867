using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Declared graph inputs: element type and static shape.</summary>
internal static class OnnxInputs
{
    /// <summary>The input as a Float32 activation; an open batch dimension becomes 1.</summary>
    public static Tensor Tensor(ValueInfoProto input, OnnxGraphBuilder builder)
    {
        string place = $"{builder.Source.FileName}: input '{input.Name}'";
        TypeProto.Types.Tensor? type = input.Type?.TensorType;
        if (input.Name.Length == 0 || type?.Shape is null || !OnnxTensors.IsFloat(type.ElemType))
        {
            string found = type is null ? "is no tensor" : type.Shape is null ? "has no shape" : $"has element type {OnnxTensors.TypeName(type.ElemType)}";
            throw new DiagnosticException("MCU0311", $"The input {found}.", place, "Export with a float32 input of fixed shape.");
        }

        if (type.ElemType != OnnxTensors.Float)
        {
            builder.Notes.Note("MCU0316", $"The {OnnxTensors.TypeName(type.ElemType)} input is read as FLOAT.", place);
        }

        var dims = new int[type.Shape.Dim.Count];
        Require(dims.Length <= OnnxTensors.MaxRank, $"has {dims.Length} dimensions; at most {OnnxTensors.MaxRank} are supported", place);
        for (int axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = Dimension(type.Shape.Dim[axis], axis, place, builder.Notes);
        }

        var shape = new Shape(EquatableArray.Wrap(dims));
        double elements = dims.Aggregate(1.0, (product, d) => product * d);
        Require(elements <= GraphValidator.MaxElements, $"{shape} has more than {GraphValidator.MaxElements} elements", place);
        return new Tensor(input.Name, DataType.Float32, shape) { Source = new TensorSource(input.Name, []) };
    }

    private static int Dimension(TensorShapeProto.Types.Dimension dim, int axis, string place, DiagnosticBag notes)
    {
        // Exporters write an open batch as a name, as nothing, as 0 or as -1.
        bool open = !dim.HasDimValue || dim.DimValue is 0 or -1;
        if (open && axis == 0)
        {
            notes.Note("MCU0312", "The open batch dimension is read as 1.", place);
            return 1;
        }

        Require(!open, $"has an open dimension {axis}{(dim.HasDimParam ? $" ('{dim.DimParam}')" : "")}", place);
        Require(dim.DimValue is > 0 and <= int.MaxValue, $"has dimension {axis} = {dim.DimValue}", place);
        return (int)dim.DimValue;
    }

    private static void Require(bool condition, string what, string place)
    {
        if (!condition)
        {
            throw new DiagnosticException("MCU0311", $"The input {what}.", place, "Export with a fixed, positive input shape.");
        }
    }
}
