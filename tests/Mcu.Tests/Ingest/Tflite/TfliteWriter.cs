using Google.FlatBuffers;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>Writes a <see cref="TfliteSpec"/> as a file. Field numbers: TensorFlow's public schema.fbs.</summary>
public sealed class TfliteWriter
{
    private readonly FlatBufferBuilder builder = new(1024) { ForceDefaults = true };

    private TfliteWriter()
    {
    }

    public static byte[] Write(TfliteSpec spec) => new TfliteWriter().File(spec);

    private byte[] File(TfliteSpec spec)
    {
        var buffers = new List<BufferSpec> { new(null) };
        uint[] numbers = [.. spec.Tensors.Select(t => NumberOf(t, buffers))];
        buffers.AddRange(spec.ExtraBuffers);
        int bufferList = Offsets(buffers.Select(Buffer));
        int codes = Offsets(spec.Codes.Select(Code));
        int subgraphs = Offsets(Enumerable.Range(0, spec.Subgraphs).Select(_ => Subgraph(spec, numbers)));
        builder.StartTable(5);
        builder.AddUint(0, spec.Version, 0);
        builder.AddOffset(1, codes, 0);
        builder.AddOffset(2, subgraphs, 0);
        builder.AddOffset(4, bufferList, 0);
        builder.Finish(builder.EndTable(), spec.Identifier);
        return builder.SizedByteArray();
    }

    private static uint NumberOf(TensorSpec tensor, List<BufferSpec> buffers)
    {
        if (tensor.Data is not null)
        {
            buffers.Add(new BufferSpec(tensor.Data));
        }

        return tensor.Buffer ?? (tensor.Data is null ? 0 : (uint)(buffers.Count - 1));
    }

    private int Buffer(BufferSpec buffer)
    {
        int data = buffer.Data is null ? 0 : Bytes(buffer.Data);
        builder.StartTable(3);
        AddOffset(0, data);
        if (buffer.Offset != 0)
        {
            builder.AddUlong(1, buffer.Offset, 0);
            builder.AddUlong(2, buffer.Size, 0);
        }

        return builder.EndTable();
    }

    private int Code(CodeSpec code)
    {
        int custom = code.Custom is null ? 0 : builder.CreateString(code.Custom).Value;
        builder.StartTable(4);
        builder.AddSbyte(0, code.Deprecated, 0);
        AddOffset(1, custom);
        builder.AddInt(2, code.Version, 1);
        builder.AddInt(3, code.Builtin, 0);
        return builder.EndTable();
    }

    private int Subgraph(TfliteSpec spec, uint[] buffers)
    {
        int tensors = Offsets(spec.Tensors.Select((t, i) => Tensor(t, buffers[i])));
        int inputs = Ints(spec.Inputs);
        int outputs = Ints(spec.Outputs);
        int operators = Offsets(spec.Operators.Select(Operator));
        builder.StartTable(4);
        builder.AddOffset(0, tensors, 0);
        builder.AddOffset(1, inputs, 0);
        builder.AddOffset(2, outputs, 0);
        builder.AddOffset(3, operators, 0);
        return builder.EndTable();
    }

    private int Tensor(TensorSpec tensor, uint buffer)
    {
        int name = tensor.Name is null ? 0 : builder.CreateString(tensor.Name).Value;
        int shape = Ints(tensor.Shape);
        int signature = tensor.Signature is null ? 0 : Ints(tensor.Signature);
        int quantization = tensor.Quant is null ? 0 : Quantization(tensor.Quant);
        int sparsity = tensor.IsSparse ? EmptyTable() : 0;
        builder.StartTable(11);
        builder.AddOffset(0, shape, 0);
        builder.AddSbyte(1, tensor.Type, 0);
        builder.AddUint(2, buffer, 0);
        AddOffset(3, name);
        AddOffset(4, quantization);
        builder.AddBool(5, tensor.IsVariable, false);
        AddOffset(6, sparsity);
        AddOffset(7, signature);
        if (tensor.ExternalBuffer != 0)
        {
            builder.AddUint(10, tensor.ExternalBuffer, 0);
        }

        return builder.EndTable();
    }

    private int Quantization(QuantSpec quant)
    {
        int scales = Vector(quant.Scales, 4, builder.AddFloat);
        int zeroPoints = Vector(quant.ZeroPoints, 8, builder.AddLong);
        int details = quant.DetailsType == 0 ? 0 : EmptyTable();
        builder.StartTable(7);
        builder.AddOffset(2, scales, 0);
        builder.AddOffset(3, zeroPoints, 0);
        builder.AddByte(4, quant.DetailsType, 0);
        AddOffset(5, details);
        builder.AddInt(6, quant.Axis, 0);
        return builder.EndTable();
    }

    private int Operator(OperatorSpec op)
    {
        int inputs = Ints(op.Inputs);
        int outputs = Ints(op.Outputs);
        int options = op.Options is null ? 0 : Options(op.Options);
        builder.StartTable(5);
        builder.AddUint(0, op.Code, 0);
        builder.AddOffset(1, inputs, 0);
        builder.AddOffset(2, outputs, 0);
        if (op.Options is not null)
        {
            builder.AddByte(3, op.Options.Type, 0);
            builder.AddOffset(4, options, 0);
        }

        return builder.EndTable();
    }

    private int Options(OptionsSpec options)
    {
        int[] lists = [.. options.Fields.Select(f => f is int[] list ? Ints(list) : 0)];
        builder.StartTable(options.Fields.Length);
        for (int i = 0; i < options.Fields.Length; i++)
        {
            switch (options.Fields[i])
            {
                case byte value:
                    builder.AddByte(i, value, 0);
                    break;
                case int value:
                    builder.AddInt(i, value, 0);
                    break;
                case float value:
                    builder.AddFloat(i, value, 0);
                    break;
                case bool value:
                    builder.AddBool(i, value, false);
                    break;
                case int[]:
                    builder.AddOffset(i, lists[i], 0);
                    break;
            }
        }

        return builder.EndTable();
    }

    private int EmptyTable()
    {
        builder.StartTable(0);
        return builder.EndTable();
    }

    private void AddOffset(int field, int offset)
    {
        if (offset != 0)
        {
            builder.AddOffset(field, offset, 0);
        }
    }

    private int Offsets(IEnumerable<int> tables)
    {
        int[] offsets = [.. tables];
        return Vector(offsets, 4, builder.AddOffset);
    }

    private int Ints(int[] values) => Vector(values, 4, builder.AddInt);

    private int Bytes(byte[] values)
    {
        builder.StartVector(1, values.Length, 16);
        foreach (byte value in values.Reverse())
        {
            builder.AddByte(value);
        }

        return builder.EndVector().Value;
    }

    private int Vector<T>(T[] values, int size, Action<T> add)
    {
        builder.StartVector(size, values.Length, size);
        foreach (T value in values.Reverse())
        {
            add(value);
        }

        return builder.EndVector().Value;
    }
}
