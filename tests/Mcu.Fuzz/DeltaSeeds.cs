using System.Buffers.Binary;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Diagnostics;
using Mcu.Tests.Deltas;

namespace Mcu.Fuzz;

/// <summary>Delta images to mutate, and how they are read.</summary>
internal static class DeltaSeeds
{
    public static IEnumerable<byte[]> Images()
    {
        foreach (int packing in (int[])[0, 1])
        {
            DeltaImage image = TinyDelta.Image(packing);
            byte[] body = DeltaWriter.Write(image, TinyDelta.Shape(packing));
            yield return body;
            yield return DeltaWriter.Write(image with { Layers = [image.Layers[0]! with { Bias = null }, null, image.Layers[2], image.Layers[3]! with { Requant = null }, null] }, TinyDelta.Shape(packing));
            yield return DeltaTrailer.Write(body, Convert.FromHexString("D28443A10126A1044201AAF65840" + new string('7', 128)));
        }
    }

    /// <summary>
    /// Reads the bytes as they are, and once more with a right CRC-32 and the hashes of the network: otherwise hardly a mutant would
    /// come past them. An accepted image is examined, composed with itself and written back.
    /// </summary>
    public static void Read(byte[] input)
    {
        try
        {
            ReadOnce(input);
        }
        catch (DiagnosticException) when (input.Length >= DeltaFormat.HeaderBytes)
        {
            ReadOnce(Repaired(input));
        }
    }

    private static void ReadOnce(byte[] input)
    {
        DeltaFile file = DeltaFile.Parse(input, "fuzz.mcud");
        if (file.Signature.Length > 0)
        {
            CoseSign1.Read(file.Signature, file.Name);
        }

        DeltaSummary.Of(file, null);
        DeltaInterface shape = TinyDelta.Shape(file.Header.Id % 2 == 1 ? 0 : 1);
        DeltaImage image = DeltaReader.Read(file, shape);
        byte[] again = DeltaWriter.Write(image, shape);
        if (DeltaReader.Read(DeltaFile.Parse(again, "again.mcud"), shape) != image)
        {
            throw new InvalidOperationException("An accepted image is not written back as it was read.");
        }

        DeltaDifference.Of(file, file, shape);
        DeltaChecker.Check([image], shape, null, file.Name);
        DeltaComposer.Compose([new DeltaPart(file, image), new DeltaPart(file, image)], shape, new DeltaNumbers());
    }

    private static byte[] Repaired(byte[] input)
    {
        byte[] repaired = [.. input];
        byte[] valid = DeltaWriter.Write(TinyDelta.Image(0), TinyDelta.Shape(0));
        valid.AsSpan(16, 32).CopyTo(repaired.AsSpan(16));
        uint body = BinaryPrimitives.ReadUInt32LittleEndian(repaired.AsSpan(8));
        if (body >= DeltaFormat.HeaderBytes && body <= repaired.Length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(repaired.AsSpan(12), DeltaFile.Checksum(repaired.AsSpan(0, (int)body)));
        }

        return repaired;
    }
}
