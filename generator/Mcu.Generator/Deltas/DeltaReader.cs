using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>
/// Reads the records of a delta image for a given interface. Every rule of docs/DELTA-FORMAT.md but the limits of
/// accumulators, which <see cref="DeltaChecker"/> proves, is checked; memory stays within a few times the file's size.
/// </summary>
public static class DeltaReader
{
    private const DeltaSections Known = DeltaSections.Bias | DeltaSections.Requant | DeltaSections.Weights | DeltaSections.Lora | DeltaSections.Sparse | DeltaSections.More;

    /// <summary>The image; MCU1206 to 1208.</summary>
    public static DeltaImage Read(DeltaFile file, DeltaInterface shape)
    {
        shape.Require(file);
        var layers = new DeltaLayer?[file.Records.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            ReadOnlySpan<byte> record = file.Body.Span[file.Records[i]];
            layers[i] = record.IsEmpty ? null : Layer(new DeltaCursor(record, shape.Packing, shape.Layers[i], file.Name) { IsWholeNetwork = shape.IsWhole });
        }

        return new DeltaImage(file.Header, file.Parents, file.SelfTests, EquatableArray.Wrap(layers));
    }

    private static DeltaLayer Layer(DeltaCursor cursor)
    {
        RecordHead head = Head(ref cursor);
        cursor.Require(cursor.Shape.Kind == LinearKind.Matrix || !head.Sections.HasFlag(DeltaSections.Lora), "only matrix layers have low-rank terms");
        cursor.Require(cursor.Shape.Kind != LinearKind.Norm || !head.Sections.HasFlag(DeltaSections.Sparse), "a layer normalisation has no differences");
        DeltaLayer layer = Sections(ref cursor, head);
        var terms = new List<SidePath>(layer.Terms);
        while (head.Sections.HasFlag(DeltaSections.More))
        {
            head = Head(ref cursor);
            cursor.Require((head.Sections | DeltaSections.More) == (DeltaSections.Lora | DeltaSections.More), "a further record holds more than a low-rank term");
            terms.Add(cursor.Term(head.Rank));
        }

        cursor.Require(cursor.IsAtEnd, "the record is longer than its sections");
        return layer with { Terms = terms.ToEquatableArray() };
    }

    private static DeltaLayer Sections(ref DeltaCursor cursor, RecordHead head) => new()
    {
        Bias = head.Sections.HasFlag(DeltaSections.Bias) ? cursor.Starts(cursor.Shape.Outputs) : null,
        Requant = head.Sections.HasFlag(DeltaSections.Requant) ? cursor.Requant() : null,
        Weights = head.Sections.HasFlag(DeltaSections.Weights) && cursor.Shape.Kind != LinearKind.Norm ? cursor.Weights() : null,
        Gamma = head.Sections.HasFlag(DeltaSections.Weights) && cursor.Shape.Kind == LinearKind.Norm ? cursor.Gamma() : null,
        Terms = head.Sections.HasFlag(DeltaSections.Lora) ? [cursor.Term(head.Rank)] : [],
        Sparse = head.Sections.HasFlag(DeltaSections.Sparse) ? cursor.Sparse(head.SparseBytes) : null,
    };

    private static RecordHead Head(ref DeltaCursor cursor)
    {
        ReadOnlySpan<byte> bytes = cursor.Take(DeltaFormat.RecordHeaderBytes);
        var head = new RecordHead((DeltaSections)bytes[0], bytes[1], BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]));
        DeltaSections sections = head.Sections;
        cursor.Require((sections & ~Known) == 0 && (sections & ~DeltaSections.More) != 0, $"sections {(int)sections:x2} are not known");
        cursor.Require(sections.HasFlag(DeltaSections.Lora) == head.Rank > 0, $"rank {head.Rank} does not fit its sections");
        cursor.Require(sections.HasFlag(DeltaSections.Sparse) == head.SparseBytes > 0 && head.SparseBytes % 2 == 0, $"{head.SparseBytes} bytes of differences do not fit its sections");
        DeltaSections needed = cursor.Shape.Kind == LinearKind.Norm ? DeltaSections.None : DeltaSections.Bias | DeltaSections.Requant;
        cursor.Require(!sections.HasFlag(DeltaSections.Weights) || sections.HasFlag(needed), "WEIGHTS stands without BIAS and REQUANT");
        cursor.Require(!sections.HasFlag(DeltaSections.More) || sections.HasFlag(DeltaSections.Lora), "MORE stands without LORA");
        return head;
    }

    private readonly record struct RecordHead(DeltaSections Sections, int Rank, int SparseBytes);
}

/// <summary>Reads the sections of one layer in order, never beyond its record.</summary>
internal ref struct DeltaCursor(ReadOnlySpan<byte> record, int packing, DeltaLayerShape shape, string name)
{
    private readonly ReadOnlySpan<byte> record = record;
    private int at;

    public readonly DeltaLayerShape Shape => shape;

    /// <summary>Whether no channels were removed, so that no sum starts with what they gave.</summary>
    public bool IsWholeNetwork { get; init; }

    public readonly bool IsAtEnd => at == record.Length;

    public ReadOnlySpan<byte> Take(int count)
    {
        Require(count <= record.Length - at, "the record ends inside a section");
        at += count;
        return record.Slice(at - count, count);
    }

    public readonly void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw DeltaFile.Error("MCU1206", $"layer '{shape.Name}': {what}", name, "Pack it again; no version of mcu writes such an image.");
        }
    }

    /// <summary>i32 per row; padded rows are zero.</summary>
    public EquatableArray<int> Starts(int rows)
    {
        EquatableArray<int> values = Int32(shape.PaddedRows(rows, packing));
        Require(!values.Span[rows..].ContainsAnyExcept(0), "the start value of a padded row is not zero");
        return values.Span[..rows].ToArray().ToEquatableArray();
    }

    public DeltaRequant Requant()
    {
        EquatableArray<int> multipliers = Multipliers(shape.Requantizations);
        EquatableArray<int> shifts = Shifts(shape.Requantizations);
        Pad();
        return new DeltaRequant(multipliers, shifts);
    }

    public EquatableArray<sbyte> Weights()
    {
        EquatableArray<sbyte> weights = Matrix(shape.Outputs, shape.Depth);
        Pad();
        return weights;
    }

    public EquatableArray<short> Gamma()
    {
        ReadOnlySpan<byte> bytes = Take(checked(sizeof(short) * shape.Outputs));
        var values = new short[shape.Outputs];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(sizeof(short) * i)..]);
        }

        Pad();
        return EquatableArray.Wrap(values);
    }

    public SidePath Term(int rank)
    {
        EquatableArray<int> multipliers = Multipliers(rank);
        EquatableArray<int> starts = Starts(rank);
        EquatableArray<sbyte> a = Matrix(rank, shape.Depth);
        EquatableArray<sbyte> b = Matrix(shape.Outputs, rank);
        EquatableArray<int> shifts = Shifts(rank).Select(s => -s).ToEquatableArray();
        var term = new SidePath(rank, a, multipliers, shifts, b, Shifts(shape.Outputs));
        Pad();
        EquatableArray<int> plain = DeltaTerms.Starts(term, shape);
        Require(starts == plain || !IsWholeNetwork, "start values of A are not -zx times the sums of its rows");
        return starts == plain ? term : term with { Offsets = starts.Select((s, r) => unchecked(s - plain[r])).ToEquatableArray() };
    }

    public SparseCorrection Sparse(int bytes)
    {
        SparseCorrection? sparse = DeltaSparse.Read(Take(bytes), shape.Outputs, shape.Depth);
        Require(sparse is not null, "differences lead outside the layer, or beyond int16");
        Pad();
        return sparse!;
    }

    private EquatableArray<int> Multipliers(int count)
    {
        EquatableArray<int> values = Int32(count);
        Require(!values.Span.ContainsAnyInRange(int.MinValue, -1), "a multiplier is negative");
        return values;
    }

    private EquatableArray<int> Int32(int count)
    {
        ReadOnlySpan<byte> bytes = Take(checked(4 * count));
        var values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
        }

        return EquatableArray.Wrap(values);
    }

    private EquatableArray<int> Shifts(int count)
    {
        ReadOnlySpan<byte> bytes = Take(count);
        Require(!bytes.ContainsAnyExceptInRange((byte)0, (byte)DeltaFormat.MaxShift), "a shift is not in 0..31");
        return bytes.ToArray().Select(b => (int)b).ToEquatableArray();
    }

    /// <summary>Rows of a packed matrix; what pads it is zero.</summary>
    private EquatableArray<sbyte> Matrix(int rows, int depth)
    {
        (int paddedRows, int paddedDepth) = (shape.PaddedRows(rows, packing), shape.PaddedDepth(depth, packing));
        ReadOnlySpan<byte> packed = Take((int)Math.Min((long)paddedRows * paddedDepth, int.MaxValue));
        var values = new sbyte[rows * depth];
        int padding = 0;
        for (int i = 0; i < packed.Length; i++)
        {
            (int row, int column) = shape.IsPaired(packing) ? Paired(i, paddedDepth) : (i / depth, i % depth);
            if (row < rows && column < depth)
            {
                values[(row * depth) + column] = unchecked((sbyte)packed[i]);
            }
            else
            {
                padding |= packed[i];
            }
        }

        Require(padding == 0, "padding of a matrix is not zero");
        return EquatableArray.Wrap(values);
    }

    /// <summary>Row and column of a byte in pairs of rows, four columns at a time.</summary>
    private static (int Row, int Column) Paired(int index, int paddedDepth)
    {
        int pair = index / (2 * paddedDepth);
        int within = index % (2 * paddedDepth);
        return ((2 * pair) + (within / 4 % 2), (within / 8 * 4) + (within % 4));
    }

    private void Pad() => Require(!Take(DeltaFormat.Align(at) - at).ContainsAnyExcept((byte)0), "bytes that pad a section are not zero");
}
