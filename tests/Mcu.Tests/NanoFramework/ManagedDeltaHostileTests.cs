using System.Buffers.Binary;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;

namespace Mcu.Tests.NanoFramework;

/// <summary>Delta images that are damaged, hostile or for another network: a reason, and nothing changes.</summary>
public sealed class ManagedDeltaHostileTests
{
    private static readonly Lazy<(DeltaHost Host, byte[] Image, sbyte[] Outputs)> Network = new(() =>
    {
        DeltaHost host = DeltaHost.OfTiny("vectors");
        DeltaImage image = host.Image(host.Abi.Slots.Select(Layer), id: 7);
        return (host, host.Bytes(image), host.Run(0));
    });

    [Fact]
    public void The_image_itself_is_accepted_with_and_without_a_signature()
    {
        (DeltaHost host, byte[] image, _) = Network.Value;

        Assert.Equal(0, host.Check(image));
        Assert.Equal(0, host.Check(DeltaTrailer.Write(image, [0xD2, 0x84, 1, 2, 3])));
    }

    [Fact]
    public void Every_flipped_bit_is_refused_and_nothing_changes()
    {
        (DeltaHost host, byte[] image, sbyte[] outputs) = Network.Value;
        for (int bit = 0; bit < image.Length * 8; bit++)
        {
            byte[] flipped = [.. image];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.InRange(host.Network.Attach(flipped), 17, 33);
        }

        AssertUnchanged(host, outputs);
    }

    [Fact]
    public void Every_truncation_and_every_longer_image_is_refused()
    {
        (DeltaHost host, byte[] image, sbyte[] outputs) = Network.Value;
        byte[] signed = DeltaTrailer.Write(image, [0xD2, 0x84, 1, 2, 3]);
        for (int length = 0; length < signed.Length; length++)
        {
            Assert.Equal(length == image.Length ? 0 : 17, host.Check(signed[..length]));
        }

        Assert.Equal(17, host.Check([.. image, 0, 0, 0, 0]));
        Assert.Equal(17, host.Check([.. signed, 0, 0, 0, 0]));
        Assert.Equal(17, host.Check(null!));
        AssertUnchanged(host, outputs);
    }

    /// <summary>Under a right CRC the reader itself is asked: no exception, and what the host's reader accepts is accepted here.</summary>
    [Fact]
    public void Every_changed_byte_under_a_right_crc_is_refused_or_does_no_harm()
    {
        (DeltaHost host, byte[] image, sbyte[] outputs) = Network.Value;
        var reasons = new SortedDictionary<int, int>();
        for (int at = 0; at < image.Length; at++)
        {
            foreach (int change in (int[])[1, 2, 4, 8, 16, 32, 64, 128, 255])
            {
                byte[] mutant = Fixed(image, b => b[at] ^= (byte)change);
                int reason = host.Network.Attach(mutant);
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                if (reason == 0)
                {
                    _ = host.Run(0);
                    host.Network.Detach();
                }

                Assert.True(reason is 0 or 33 || !HostAccepts(host, mutant), $"byte {at} by {change}: {reason}");
            }
        }

        Assert.Equal([17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 33], reasons.Keys.Except([0]));
        AssertUnchanged(host, outputs);
    }

    [Fact]
    public void Bytes_at_random_under_a_right_header_are_refused_or_do_no_harm()
    {
        (DeltaHost host, byte[] image, sbyte[] outputs) = Network.Value;
        for (int seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            byte[] mutant = Fixed(image, b =>
            {
                for (int i = random.Next(1, 9); i > 0; i--)
                {
                    b[random.Next(64, b.Length)] = (byte)random.Next(256);
                }
            });
            if (host.Network.Attach(mutant) == 0)
            {
                _ = host.Run(0);
                host.Network.Detach();
            }
        }

        AssertUnchanged(host, outputs);
    }

    [Theory]
    [InlineData(18, 0, 'N')]
    [InlineData(19, 4, 2)]
    [InlineData(19, 5, 1)]
    [InlineData(19, 62, 1)]
    [InlineData(17, 8, 1)]
    [InlineData(17, 11, 1)]
    [InlineData(17, 11, 128)]
    [InlineData(21, 16, -1)]
    [InlineData(21, 31, -1)]
    [InlineData(22, 32, -1)]
    [InlineData(22, 47, -1)]
    [InlineData(23, 6, 9)]
    [InlineData(23, 61, 255)]
    public void A_wrong_field_of_the_header_has_its_own_reason(int reason, int at, int value)
    {
        (DeltaHost host, byte[] image, sbyte[] outputs) = Network.Value;

        Assert.Equal(reason, host.Network.Attach(Fixed(image, b => b[at] = (byte)(value < 0 ? ~b[at] : value))));
        AssertUnchanged(host, outputs);
    }

    [Fact]
    public void An_image_for_cores_with_the_dsp_extension_is_of_another_compilation()
    {
        (DeltaHost host, _, sbyte[] outputs) = Network.Value;
        var dsp = DeltaAbi.Of(host.Abi.Model, KernelSet.Dsp);
        var shape = DeltaInterface.Of(dsp);
        var image = new DeltaImage(new DeltaHeader(shape.Base!.Value, shape.Abi, 0, 1, 0), [], [], dsp.Slots.Select(Layer).ToEquatableArray());

        Assert.Equal(22, host.Network.Attach(DeltaWriter.Write(image, shape)));
        AssertUnchanged(host, outputs);
    }

    /// <summary>LORA with MORE, SPARSE and BIAS in the first layer, new weights in the second.</summary>
    private static DeltaLayer? Layer(DeltaSlot slot) => slot.Index == 0
        ? new DeltaLayer
        {
            Bias = [.. Enumerable.Range(100, slot.Outputs)],
            Terms = [TinyDelta.Term(2, slot.Outputs, slot.Depth), TinyDelta.Term(1, slot.Outputs, slot.Depth)],
            Sparse = DeltaSparse.Of(new Dictionary<int, int> { [2] = 5, [40] = -200 }, slot.Outputs, slot.Depth),
        }
        : new DeltaLayer
        {
            Bias = [.. Enumerable.Range(1, slot.Outputs)],
            Requant = new([.. Enumerable.Repeat(1 << 30, slot.Outputs)], [.. Enumerable.Repeat(9, slot.Outputs)]),
            Weights = [.. Enumerable.Range(0, slot.Outputs * slot.Depth).Select(i => (sbyte)(i * 37))],
        };

    private static byte[] Fixed(byte[] image, Action<byte[]> change)
    {
        byte[] mutant = [.. image];
        change(mutant);
        uint crc = System.IO.Hashing.Crc32.HashToUInt32([.. mutant[..12], .. mutant[16..]]);
        BinaryPrimitives.WriteUInt32LittleEndian(mutant.AsSpan(12), crc);
        return mutant;
    }

    private static bool HostAccepts(DeltaHost host, byte[] image)
    {
        try
        {
            var file = DeltaFile.Parse(image, "x");
            host.Shape.Require(file);
            DeltaChecker.Check([DeltaReader.Read(file, host.Shape)], host.Abi, "x");
            return true;
        }
        catch (DiagnosticException)
        {
            return false;
        }
    }

    private static void AssertUnchanged(DeltaHost host, sbyte[] outputs)
    {
        Assert.Equal(0, host.Attached);
        Assert.Equal(outputs, host.Run(0));
    }
}
