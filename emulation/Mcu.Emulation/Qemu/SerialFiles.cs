using System.Buffers.Binary;
using Mcu.Emulation.Running;

namespace Mcu.Emulation.Qemu;

/// <summary>Files of a run over the serial port, for cores without semihosting (platform_avr.c has the protocol).</summary>
/// <remarks>QEMU's pipe device takes plain files: it reads <c>serial.in</c> and writes <c>serial.out</c>.</remarks>
internal static class SerialFiles
{
    private const string Stem = "serial";
    private const string FromFirmware = Stem + ".out";
    private const byte ExitFrame = 255;
    private const int HeaderBytes = 3;

    /// <summary>Files by the number that frames carry.</summary>
    private static readonly string[] Names = [RunFolder.OutputName, RunFolder.StatusName, RunFolder.ProbesName, RunFolder.FaultName];

    public static string[] Arguments => ["-chardev", "pipe,id=files,path=" + Stem, "-serial", "chardev:files"];

    /// <summary>Writes what the firmware reads.</summary>
    public static void Prepare(RunFolder folder, int adapter, ReadOnlySpan<byte> inputs)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = checked((byte)adapter);
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], inputs.Length);
        using FileStream stream = File.Create(folder.At(Stem + ".in"));
        stream.Write(head);
        stream.Write(inputs);
        File.WriteAllBytes(folder.At(FromFirmware), []);
    }

    /// <summary>Bytes from the firmware so far.</summary>
    public static long Progress(RunFolder folder) => new FileInfo(folder.At(FromFirmware)).Length;

    /// <summary>Splits what the firmware wrote into the run's files; the exit code, or null when it has not ended.</summary>
    public static int? Unpack(RunFolder folder)
    {
        byte[] bytes = File.ReadAllBytes(folder.At(FromFirmware));
        for (int at = 0; at + 1 < bytes.Length;)
        {
            byte file = bytes[at];
            if (file == ExitFrame)
            {
                return bytes[at + 1];
            }

            if (file >= Names.Length || at + HeaderBytes > bytes.Length)
            {
                return null;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 1));
            ReadOnlySpan<byte> content = bytes.AsSpan(at + HeaderBytes, Math.Min(length, bytes.Length - at - HeaderBytes));
            using FileStream stream = new(folder.At(Names[file]), FileMode.Append);
            stream.Write(content);
            at += HeaderBytes + length;
        }

        return null;
    }
}
