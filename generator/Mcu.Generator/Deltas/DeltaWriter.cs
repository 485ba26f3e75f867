using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Writes the body of a delta image; equal images give equal bytes.</summary>
public sealed class DeltaWriter
{
    private readonly DeltaInterface shape;
    private readonly List<byte> bytes = [];

    private DeltaWriter(DeltaInterface shape) => this.shape = shape;

    /// <summary>The whole body. MCU1211 where the format has no room for it.</summary>
    /// <param name="image">An image whose layers have the interface's shapes.</param>
    /// <param name="shape">The interface that the image is for.</param>
    public static byte[] Write(DeltaImage image, DeltaInterface shape) => new DeltaWriter(shape).Body(image);

    /// <summary>Bytes of a layer's records.</summary>
    public static int RecordBytes(DeltaLayer layer, DeltaInterface shape, int index) => new DeltaWriter(shape).Records(layer, shape.Layers[index]).Length;

    private byte[] Body(DeltaImage image)
    {
        byte[]?[] records = [.. image.Layers.Select((layer, i) => layer is null ? null : new DeltaWriter(shape).Records(layer, shape.Layers[i]))];
        bytes.AddRange(Header(image));
        foreach (DeltaHash parent in image.Parents)
        {
            var hash = new byte[DeltaHash.Bytes];
            parent.Write(hash);
            bytes.AddRange(hash);
        }

        foreach (DeltaSelfTest test in image.SelfTests)
        {
            UInt32(test.Seed);
            UInt32(test.OutputCrc32);
        }

        int offset = bytes.Count + DeltaFormat.Align(2 * records.Length);
        foreach (byte[]? record in records)
        {
            CheckSize(offset, image);
            UInt16(record is null ? 0 : offset / 4);
            offset += record?.Length ?? 0;
        }

        CheckSize(offset, image);
        Pad();
        bytes.AddRange(records.SelectMany(r => r ?? []));
        return Finish();
    }

    private static void CheckSize(int offset, DeltaImage image)
    {
        if (offset > DeltaFormat.MaxBodyBytes)
        {
            throw Error($"it would have more than {DeltaFormat.MaxBodyBytes} bytes", $"delta {image.Header.Id}", "Use a smaller rank, or change fewer layers.");
        }
    }

    private byte[] Finish()
    {
        byte[] body = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(12), DeltaFile.Checksum(body));
        return body;
    }

    private static byte[] Header(DeltaImage image)
    {
        var header = new byte[DeltaFormat.HeaderBytes];
        DeltaFormat.Magic.CopyTo(header);
        header[4] = DeltaFormat.Version;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), checked((ushort)image.Layers.Length));
        image.Header.Base.Write(header.AsSpan(16));
        image.Header.Abi.Write(header.AsSpan(32));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(48), image.Header.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(52), image.Header.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(56), image.Header.SecurityCounter);
        header[60] = Count(image.SelfTests.Length, "self-tests");
        header[61] = Count(image.Parents.Length, "parents");
        return header;
    }

    private static byte Count(int count, string what) =>
        count <= byte.MaxValue ? (byte)count : throw Error($"it would have {count} {what}; at most 255 fit", "header");

    private byte[] Records(DeltaLayer layer, DeltaLayerShape of)
    {
        SidePath? first = layer.Terms.Length == 0 ? null : layer.Terms[0];
        byte[] sparse = layer.Sparse is null ? [] : SparseStream.Encode(layer.Sparse, of.Depth);
        if (sparse.Length > DeltaFormat.MaxSparseBytes)
        {
            throw Error($"the layer has {sparse.Length} bytes of differences; at most {DeltaFormat.MaxSparseBytes} fit", of.Name, "Keep fewer changed weights, or use --adapter-mode side.");
        }

        RecordHeader(layer.Sections, first, sparse.Length, isLast: layer.Terms.Length <= 1);
        if (layer.Bias is { } bias)
        {
            Int32(bias, of.PaddedRows(of.Outputs, shape.Packing));
        }

        if (layer.Requant is { } requant)
        {
            Int32(requant.Multipliers, of.Requantizations);
            Shifts(requant.Shifts, of.Name);
        }

        if (layer.Weights is { } weights)
        {
            Matrix(weights, of.Outputs, of.Depth, of);
            Pad();
        }

        if (layer.Gamma is { } gamma)
        {
            foreach (short value in gamma)
            {
                UInt16(value & 0xFFFF);
            }

            Pad();
        }

        if (first is not null)
        {
            Term(first, of);
        }

        bytes.AddRange(sparse);
        Pad();
        for (int i = 1; i < layer.Terms.Length; i++)
        {
            RecordHeader(DeltaSections.Lora, layer.Terms[i], 0, isLast: i == layer.Terms.Length - 1);
            Term(layer.Terms[i], of);
        }

        return [.. bytes];
    }

    private void RecordHeader(DeltaSections sections, SidePath? term, int sparseBytes, bool isLast)
    {
        bytes.Add((byte)(isLast ? sections : sections | DeltaSections.More));
        bytes.Add((byte)(term?.Rank ?? 0));
        UInt16(sparseBytes);
    }

    private void Term(SidePath term, DeltaLayerShape of)
    {
        if (term.Rank > DeltaFormat.MaxRank)
        {
            throw Error($"the layer has a term of rank {term.Rank}; at most {DeltaFormat.MaxRank} fits", of.Name, "Use a smaller rank, or --adapter-mode merge.");
        }

        Int32(term.Multipliers, term.Rank);
        Int32(DeltaTerms.Starts(term, of), of.PaddedRows(term.Rank, shape.Packing));
        Matrix(term.A, term.Rank, of.Depth, of);
        Matrix(term.B, of.Outputs, term.Rank, of);
        Bytes(term.Shifts.Select(s => -s), of.Name);
        Bytes(term.OutputShifts, of.Name);
        Pad();
    }

    private void Matrix(EquatableArray<sbyte> values, int rows, int depth, DeltaLayerShape of) =>
        bytes.AddRange(LinearLowering.PackMatrix(values, rows, depth, of.IsPaired(shape.Packing)).Select(v => unchecked((byte)v)));

    private void Shifts(IEnumerable<int> shifts, string layer)
    {
        Bytes(shifts, layer);
        Pad();
    }

    private void Bytes(IEnumerable<int> shifts, string layer) => bytes.AddRange(shifts.Select(s => s is >= 0 and <= DeltaFormat.MaxShift
        ? (byte)s
        : throw Error($"the layer needs a shift of {s} to the right; 0 to {DeltaFormat.MaxShift} are possible", layer, "Use another --adapter-mode.")));

    private void Int32(EquatableArray<int> values, int padded)
    {
        foreach (int value in values.Concat(Enumerable.Repeat(0, padded - values.Length)))
        {
            UInt32(unchecked((uint)value));
        }
    }

    private void UInt32(uint value)
    {
        UInt16((int)(value & 0xFFFF));
        UInt16((int)(value >> 16));
    }

    private void UInt16(int value)
    {
        bytes.Add((byte)value);
        bytes.Add((byte)(value >> 8));
    }

    private void Pad()
    {
        while (bytes.Count % 4 != 0)
        {
            bytes.Add(0);
        }
    }

    private static DiagnosticException Error(string what, string place, string hint = "") =>
        new("MCU1211", $"The adapter cannot be a delta image: {what}.", place, hint);
}
