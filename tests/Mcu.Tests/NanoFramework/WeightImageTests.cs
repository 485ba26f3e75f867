using System.Reflection;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.Emission;

namespace Mcu.Tests.NanoFramework;

/// <summary>Weight images that a device is given: whatever is wrong with one has a reason, and no network comes of it.</summary>
public sealed class WeightImageTests
{
    private static readonly NanoOptions Options = NanoOptions.Default with { Store = NanoStore.Image };

    private static readonly Lazy<(Type Type, byte[] Image)> Network = new(() =>
    {
        Managed managed = Managed.Of(TinyModels.Of("vectors"), "vectors", Options);
        return (managed.Network.Type, managed.Emission.Binaries.Values.Single());
    });

    [Fact]
    public void The_emitted_image_is_accepted() => Assert.Equal(0, Check(Network.Value.Image));

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        byte[] image = Network.Value.Image;
        for (int bit = 0; bit < image.Length * 8; bit++)
        {
            byte[] flipped = (byte[])image.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(0, Check(flipped));
        }
    }

    [Fact]
    public void Every_truncation_and_an_added_byte_are_refused()
    {
        byte[] image = Network.Value.Image;
        for (int length = 0; length < image.Length; length++)
        {
            Assert.Equal(length < 32 ? 1 : 3, Check(image[..length]));
        }

        Assert.Equal(3, Check([.. image, 0]));
        Assert.Equal(1, Check(null));
    }

    [Fact]
    public void The_image_of_another_network_is_refused_by_reason()
    {
        byte[] other = Managed.Of(TinyModels.Of("vectors"), "vectors", Options).Emission.Binaries.Values.Single();
        Assert.Equal(0, Check(other));

        other[16] ^= 1;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(12), System.IO.Hashing.Crc32.HashToUInt32(other.AsSpan(16)));

        Assert.Equal(5, Check(other));
        Assert.IsType<ArgumentException>(Assert.Throws<TargetInvocationException>(() => Activator.CreateInstance(Network.Value.Type, other)).InnerException);
    }

    private static int Check(byte[]? image) => (int)Network.Value.Type.GetMethod("CheckImage")!.Invoke(null, [image])!;
}
