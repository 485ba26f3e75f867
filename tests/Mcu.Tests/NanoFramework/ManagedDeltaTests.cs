using System.Buffers.Binary;
using Mcu.Emulation.Managed;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>Delta images in the managed form give the bytes of the int8 reference, alone and together, and the base comes back unharmed.</summary>
public sealed class ManagedDeltaTests
{
    private const int Overflow = 27;
    private const int Rank = 28;
    private const int Conflict = 29;

    public static TheoryData<string, NanoStore, bool> Forms => new()
    {
        { "images", NanoStore.Code, true }, { "images", NanoStore.Image, false }, { "vectors", NanoStore.Code, true }, { "vectors", NanoStore.Code, false },
        { "vectors", NanoStore.Image, true }, { "tokens", NanoStore.Code, true },
    };

    [Theory]
    [InlineData("demo")]
    [InlineData("kws")]
    public void Images_of_adapters_give_the_references_bytes(string name)
    {
        DeltaCase source = DeltaCase.Of(name, KernelSet.Portable);
        DeltaHost host = DeltaHost.Of(source.Model.Base);
        Assert.Equal(source.Abi.Text, host.Abi.Text);
        string before = host.BaseConstants();
        foreach (AdapterModeChoice mode in (AdapterModeChoice[])[AdapterModeChoice.Auto, AdapterModeChoice.Side, AdapterModeChoice.Merge])
        {
            foreach (BoundAdapter adapter in source.Model.Adapters)
            {
                DeltaImage image = source.Pack(adapter, mode, new DeltaNumbers(SelfTests: 2));

                Assert.Equal(0, host.Network.Attach(source.Bytes(image)));
                Assert.Equal(host.Reference(image, 3), host.Run(3));
                host.Network.Detach();
            }
        }

        Assert.Equal(host.Reference(null, 3), host.Run(3));
        Assert.Equal(before, host.BaseConstants());
    }

    /// <summary>What the host tools accept, the class accepts, and computes as the reference does; what could overflow, both refuse.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void Any_image_within_the_limits_gives_the_references_bytes(string name, NanoStore store, bool packed)
    {
        DeltaHost host = DeltaHost.OfTiny(name, NanoOptions.Default with { Store = store, PackWeights = packed });
        string before = host.BaseConstants();
        int accepted = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            DeltaImage image = host.Image(RandomDelta.Any(host.Abi, new Random(seed)), selfTests: 0);
            bool isSound = IsSound(host, image);

            Assert.Equal((seed, isSound ? 0 : Overflow), (seed, host.Network.Attach(host.Bytes(image))));
            Assert.True(host.Reference(isSound ? image : null, seed).AsSpan().SequenceEqual(host.Run(seed)), $"seed {seed}");
            accepted += isSound ? 1 : 0;
            host.Network.Detach();
        }

        Assert.InRange(accepted, 8, 29);
        Assert.Equal(before, host.BaseConstants());
    }

    [Theory]
    [InlineData("images", true)]
    [InlineData("vectors", true)]
    [InlineData("vectors", false)]
    [InlineData("tokens", true)]
    public void Images_that_add_run_together_and_one_of_them_may_bring_biases(string name, bool packed)
    {
        DeltaHost host = DeltaHost.OfTiny(name, NanoOptions.Default with { PackWeights = packed });
        int together = 0;
        for (int seed = 0; seed < 15; seed++)
        {
            var random = new Random(seed);
            DeltaPart[] parts = [.. Enumerable.Range(0, 3).Select(i => Part(host, host.Abi.Slots.Select(s => RandomDelta.Added(s, random, withBias: i == 1)), (uint)i))];
            DeltaImage composed = DeltaComposer.Compose(parts, host.Shape, new DeltaNumbers());

            int[] reasons = [.. parts.Select(p => host.Network.Attach([.. p.File.Body.Span]))];

            if (reasons.All(r => r == 0))
            {
                together++;
                Assert.True(host.Reference(composed, seed).AsSpan().SequenceEqual(host.Run(seed)), $"seed {seed}");
            }
            else
            {
                Assert.False(IsSound(host, composed) && parts.All(p => IsSound(host, p.Image)));
                Assert.All(reasons, r => Assert.True(r is 0 or Overflow, $"seed {seed}: {r}"));
            }

            Assert.Equal(reasons.Count(r => r == 0), host.Attached);
            host.Network.Detach();
        }

        Assert.True(together >= 5, $"{together}");
    }

    [Fact]
    public void Images_that_replace_the_same_conflict_and_the_first_goes_on()
    {
        DeltaHost host = DeltaHost.OfTiny("images");
        DeltaImage bias = Changed(host, (slot, _) => new DeltaLayer { Bias = [.. Enumerable.Range(0, slot.Outputs)] });
        DeltaImage other = Changed(host, (slot, _) => new DeltaLayer { Bias = [.. Enumerable.Range(7, slot.Outputs)] });
        DeltaImage scales = Changed(host, (slot, _) => new DeltaLayer { Requant = new([.. Enumerable.Repeat(1 << 30, slot.Outputs)], [.. Enumerable.Repeat(5, slot.Outputs)]) });

        Assert.Equal(0, host.Network.Attach(host.Bytes(bias)));
        Assert.Equal(Conflict, host.Network.Attach(host.Bytes(other)));
        Assert.Equal(Conflict, host.Network.Attach(host.Bytes(scales)));
        Assert.Equal(host.Reference(bias, 1), host.Run(1));
        Assert.Equal(1, host.Attached);

        host.Network.Detach();
        Assert.Equal(0, host.Network.Attach(host.Bytes(scales)));
        Assert.Equal(Conflict, host.Network.Attach(host.Bytes(bias)));
        Assert.Equal(host.Reference(scales, 1), host.Run(1));
    }

    [Fact]
    public void There_is_room_for_as_many_images_and_ranks_as_the_options_say()
    {
        DeltaHost host = DeltaHost.Of(Emission.TinyModels.Of("vectors") with { Adapters = [] }, deltas: new DeltaSupport(2, 3));
        byte[] image(int rank, uint id) => host.Bytes(host.Image(host.Abi.Slots.Select(s => new DeltaLayer { Terms = [TinyDelta.Term(rank, s.Outputs, s.Depth)] }), id));

        Assert.Equal(Rank, host.Network.Attach(image(4, 1)));
        Assert.Equal(0, host.Network.Attach(image(2, 2)));
        Assert.Equal(31, host.Network.Attach(image(2, 2)));
        Assert.Equal(Rank, host.Network.Attach(image(2, 3)));
        Assert.Equal(0, host.Network.Attach(image(1, 4)));
        Assert.Equal(30, host.Network.Attach(image(1, 5)));
        Assert.Equal(2, host.Attached);
    }

    [Fact]
    public void Compiled_in_adapters_and_images_exclude_each_other()
    {
        Int8Model model = Emission.TinyModels.Of("images");
        DeltaHost host = DeltaHost.Of(model);
        DeltaImage bias = Changed(host, (slot, _) => new DeltaLayer { Bias = [.. Enumerable.Range(0, slot.Outputs)] });

        Assert.True(host.Network.Select(1));
        Assert.Equal(32, host.Network.Attach(host.Bytes(bias)));
        Assert.True(host.Network.Select(0));
        Assert.Equal(0, host.Network.Attach(host.Bytes(bias)));
        Assert.False(host.Network.Select(1));
        Assert.True(host.Network.Select(0));
        Assert.Equal(host.Reference(bias, 1), host.Run(1));
        host.Network.Detach();
        Assert.True(host.Network.Select(2));
    }

    [Fact]
    public void A_failed_self_test_leaves_what_ran_before()
    {
        DeltaHost host = DeltaHost.OfTiny("images");
        DeltaImage first = Changed(host, (slot, i) => i == 0 ? new DeltaLayer { Bias = [.. Enumerable.Range(0, slot.Outputs)] } : null);
        DeltaImage second = Changed(host, (slot, i) => i == 1 ? new DeltaLayer { Bias = [.. Enumerable.Range(0, slot.Outputs)] } : null);
        byte[] wrong = host.Bytes(second);
        wrong[68] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(12), DeltaFile.Checksum(wrong));
        Assert.Equal(0, host.Network.Attach(host.Bytes(first)));

        Assert.Equal(33, host.Network.Attach(wrong));

        Assert.Equal(host.Reference(first, 5), host.Run(5));
        Assert.Equal(0, host.Check(host.Bytes(second)));
        Assert.Equal(1, host.Attached);
        Assert.Equal(host.Reference(first, 5), host.Run(5));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_is_emitted_meets_the_platforms_limits_and_run_allocates_nothing(string name, NanoStore store, bool packed) =>
        Assert.Empty(IlChecker.Check(DeltaHost.OfTiny(name, NanoOptions.Default with { Store = store, PackWeights = packed }).Managed.Assembly));

    /// <summary>Every layer changed as a function of slot and index says.</summary>
    private static DeltaImage Changed(DeltaHost host, Func<DeltaSlot, int, DeltaLayer?> change) => host.Image(host.Abi.Slots.Select(change));

    private static DeltaPart Part(DeltaHost host, IEnumerable<DeltaLayer?> layers, uint id)
    {
        DeltaImage image = host.Image(layers, id, selfTests: 0);
        return new DeltaPart(DeltaFile.Parse(host.Bytes(image), $"{id}"), image);
    }

    private static bool IsSound(DeltaHost host, DeltaImage image)
    {
        try
        {
            DeltaChecker.Check([image], host.Abi, "x");
            return true;
        }
        catch (DiagnosticException)
        {
            return false;
        }
    }
}
