using System.Buffers.Binary;
using System.IO.Hashing;
using System.Reflection;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

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
        SetCrc(other);

        Assert.Equal(5, Check(other));
        Assert.IsType<ArgumentException>(Assert.Throws<TargetInvocationException>(() => Activator.CreateInstance(Network.Value.Type, other)).InnerException);
    }

    /// <summary>The class knows the CRC-32 of its own arrays: one that fits the changed bytes does not help.</summary>
    [Fact]
    public void Changed_arrays_are_refused_with_a_CRC_that_fits_them()
    {
        for (int at = 32; at < Network.Value.Image.Length; at++)
        {
            byte[] changed = (byte[])Network.Value.Image.Clone();
            changed[at] ^= 0x40;
            SetCrc(changed);
            Assert.Equal(4, Check(changed));
        }
    }

    /// <summary>One float network and its adapter, calibrated by other samples: other constants, scales and zero points in tables of the same length.</summary>
    [Fact]
    public void The_image_of_another_calibration_is_refused_by_reason()
    {
        (Type firstType, byte[] first) = Calibrated(DemoFiles.Calibration);
        (Type secondType, byte[] second) = Calibrated(DemoFiles.FloatSamples(8));

        Assert.Equal(first.Length, second.Length);
        Assert.NotEqual(first[32..], second[32..]);
        Assert.Equal([0, 5, 5, 0], [Check(firstType, first), Check(firstType, second), Check(secondType, first), Check(secondType, second)]);
    }

    /// <summary>The arrays are the same; one class packs the weights while it reads them, the other does not.</summary>
    [Fact]
    public void The_image_of_another_optimisation_is_refused_by_reason()
    {
        Managed plain = Managed.Of(TinyModels.Of("vectors"), "vectors", Options with { PackWeights = false });
        byte[] image = plain.Emission.Binaries.Values.Single();

        Assert.Equal(Network.Value.Image[32..], image[32..]);
        Assert.Equal(5, Check(image));
        Assert.Equal(5, Check(plain.Network.Type, Network.Value.Image));
    }

    private static (Type Type, byte[] Image) Calibrated(string samples)
    {
        var options = new CompileOptions
        {
            BasePath = DemoFiles.Base,
            CalibrationPath = samples,
            AdapterPaths = [DemoFiles.Adapter("factory-lora")],
            Target = Firmware.Target("host"),
            Nano = Options,
        };
        NanoEmission emission = Pipeline.Compile(options, new DiagnosticBag(), null, TestContext.Current.CancellationToken).Nano!;
        byte[] assembly = ManagedCompiler.Compile(emission.ClassName, emission.Files);
        return (ManagedNetwork.Load(assembly, emission).Type, emission.Binaries.Values.Single());
    }

    private static void SetCrc(byte[] image) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(12), Crc32.HashToUInt32(image.AsSpan(16)));

    private static int Check(byte[]? image) => Check(Network.Value.Type, image);

    private static int Check(Type type, byte[]? image) => (int)type.GetMethod("CheckImage")!.Invoke(null, [image])!;
}
