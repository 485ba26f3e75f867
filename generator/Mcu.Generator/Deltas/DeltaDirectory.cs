using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Deltas;

/// <summary>The directory: per layer where its record starts. Only one set of values is possible for given lengths of records.</summary>
internal static class DeltaDirectory
{
    /// <summary>Ranges of the records; MCU1205 unless they follow each other from the directory's end to the body's.</summary>
    public static EquatableArray<Range> Read(ReadOnlySpan<byte> body, int start, int layers, string name)
    {
        int first = start + DeltaFormat.Align(2 * layers);
        bool padded = layers % 2 == 0 || BinaryPrimitives.ReadUInt16LittleEndian(body[(start + (2 * layers))..]) == 0;
        var records = new Range[layers];
        int end = body.Length;
        for (int i = layers - 1; i >= 0; i--)
        {
            int offset = 4 * BinaryPrimitives.ReadUInt16LittleEndian(body[(start + (2 * i))..]);
            if (offset == 0)
            {
                records[i] = 0..0;
                continue;
            }

            if (offset < first || offset + DeltaFormat.RecordHeaderBytes > end)
            {
                throw Bad(name);
            }

            records[i] = offset..end;
            end = offset;
        }

        return padded && end == first ? EquatableArray.Wrap(records) : throw Bad(name);
    }

    private static DiagnosticException Bad(string name) =>
        DeltaFile.Error("MCU1205", "its directory does not list records that follow each other to the body's end", name, "Pack it again; no version of mcu writes such an image.");
}
