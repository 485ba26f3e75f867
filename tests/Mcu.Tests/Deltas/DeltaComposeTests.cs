using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Deltas;

/// <summary>Composition: the bytes of attaching in order, and refusals that name both images.</summary>
public sealed class DeltaComposeTests
{
    /// <summary>
    /// Each layer of base ⊕ A ⊕ B ⊕ C on random inputs against the images' terms taken one after the other by a second decoder and plain
    /// arithmetic.
    /// </summary>
    [Theory]
    [InlineData(KernelSet.Portable)]
    [InlineData(KernelSet.Dsp)]
    public void A_composed_image_gives_the_bytes_of_attaching_in_order(KernelSet kernels)
    {
        var delta = DeltaCase.Of("demo", kernels);
        DeltaPart[] parts = Parts(delta);
        DeltaImage composed = Written(delta, DeltaComposer.Compose(parts, delta.Shape, new DeltaNumbers()));
        SecondDecoder.Image[] decoded = [.. parts.Select(p => SecondDecoder.Decode(p.File.Body.ToArray(), delta.Abi.Text))];

        foreach (DeltaSlot slot in delta.Abi.Slots.Where(s => s.Kind == LinearKind.Matrix))
        {
            var layer = (LinearLayer)DeltaLayers.Apply(slot, composed.Layers[slot.Index] ?? new DeltaLayer());
            var random = new Random(slot.Index);
            for (int run = 0; run < 20; run++)
            {
                int[] raw = [.. Enumerable.Range(0, slot.Depth).Select(_ => random.Next(-128, 128))];
                var outputs = new sbyte[slot.Outputs];
                LinearReference.Run(layer, [.. raw.Select(x => x - slot.Linear.InputZeroPoint)], outputs);

                Assert.Equal(PlainLayer.Run(slot, [.. decoded.Select(d => d.Layers[slot.Index])], raw), outputs);
            }
        }
    }

    /// <summary>The whole network: terms of one image, then of the next, as the reference would add them.</summary>
    [Fact]
    public void The_order_of_terms_does_not_matter()
    {
        var delta = DeltaCase.Of("demo", KernelSet.Dsp);
        DeltaPart[] parts = Parts(delta);
        DeltaImage forward = DeltaComposer.Compose(parts, delta.Shape, new DeltaNumbers());
        DeltaImage backward = DeltaComposer.Compose([.. parts.Reverse()], delta.Shape, new DeltaNumbers());
        byte[] outputs = delta.Outputs(DeltaPacker.Unpack(forward, delta.Abi, "f", ""));

        Assert.NotEqual(forward, backward);
        Assert.Equal(outputs, delta.Outputs(DeltaPacker.Unpack(backward, delta.Abi, "b", "")));
        Assert.All(parts, p => Assert.NotEqual(outputs, delta.Outputs(DeltaPacker.Unpack(p.Image, delta.Abi, "p", ""))));
    }

    [Fact]
    public void A_composed_image_names_its_parents_and_composes_further()
    {
        var delta = DeltaCase.Of("demo", KernelSet.Dsp);
        DeltaPart[] parts = Parts(delta);
        DeltaImage two = DeltaComposer.Compose(parts[..2], delta.Shape, new DeltaNumbers());
        byte[] body = delta.Bytes(two);
        DeltaImage three = DeltaComposer.Compose([new DeltaPart(DeltaFile.Parse(body, "two"), two), parts[2]], delta.Shape, new DeltaNumbers());
        DeltaImage atOnce = DeltaComposer.Compose(parts, delta.Shape, new DeltaNumbers());

        Assert.Equal(parts[..2].Select(p => DeltaHash.Of(p.File.Body.Span)), two.Parents);
        Assert.Equal([DeltaHash.Of(body), DeltaHash.Of(parts[2].File.Body.Span)], three.Parents);
        Assert.Equal(atOnce.Layers, three.Layers);
    }

    [Fact]
    public void Differences_of_one_weight_add_and_may_cancel()
    {
        DeltaInterface shape = TinyDelta.Shape(0);
        DeltaPart a = Part("a", Sparse((2, 100), (5, 7)));
        DeltaPart b = Part("b", Sparse((2, 100), (5, -7)));

        DeltaLayer sum = DeltaComposer.Compose([a, b], shape, new DeltaNumbers()).Layers[0]!;

        Assert.Equal(Sparse((2, 200)), sum);
        Assert.Null(DeltaComposer.Compose([a, Part("c", Sparse((2, -100), (5, -7)))], shape, new DeltaNumbers()).Layers[0]);
    }

    [Theory]
    [InlineData(DeltaSections.Bias, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Requant, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Weights, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Lora, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Sparse, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Lora, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Sparse, true)]
    [InlineData(DeltaSections.Bias, DeltaSections.Lora, false)]
    [InlineData(DeltaSections.Bias, DeltaSections.Sparse, false)]
    [InlineData(DeltaSections.Lora, DeltaSections.Lora, false)]
    [InlineData(DeltaSections.Lora, DeltaSections.Sparse, false)]
    [InlineData(DeltaSections.Sparse, DeltaSections.Sparse, false)]
    public void What_replaces_conflicts_with_what_it_replaces_in_either_order(DeltaSections left, DeltaSections right, bool conflicts)
    {
        foreach ((DeltaSections first, DeltaSections second) in new[] { (left, right), (right, left) })
        {
            DeltaPart a = Part("first.mcud", Layer(first));
            DeltaPart b = Part("second.mcud", Layer(second));
            DiagnosticException? refusal = Record.Exception(() => DeltaComposer.Compose([a, b], TinyDelta.Shape(0), new DeltaNumbers())) as DiagnosticException;

            Assert.Equal(conflicts ? "MCU1212" : null, refusal?.Diagnostic.Code);
            Assert.All(conflicts ? (string[])["first.mcud", "second.mcud", "'first'"] : [], name => Assert.Contains(name, refusal!.Message, StringComparison.Ordinal));
        }
    }

    /// <summary>All that an image of a layer normalisation brings replaces; a new scale stands alone.</summary>
    [Theory]
    [InlineData(DeltaSections.Bias, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Weights, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Bias | DeltaSections.Weights, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Requant, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Requant, DeltaSections.Weights, true)]
    [InlineData(DeltaSections.Requant | DeltaSections.Weights, DeltaSections.Bias, true)]
    [InlineData(DeltaSections.Weights, DeltaSections.Bias, false)]
    public void Gamma_of_one_image_and_beta_of_another_compose_and_nothing_else_of_a_layer_normalisation(DeltaSections left, DeltaSections right, bool conflicts)
    {
        foreach ((DeltaSections first, DeltaSections second) in new[] { (left, right), (right, left) })
        {
            DeltaPart a = Part("first.mcud", Norm(first), 3);
            DeltaPart b = Part("second.mcud", Norm(second), 3);
            DeltaImage? composed = null;
            DiagnosticException? refusal = Record.Exception(() => composed = DeltaComposer.Compose([a, b], TinyDelta.Shape(0), new DeltaNumbers())) as DiagnosticException;

            Assert.Equal(conflicts ? "MCU1212" : null, refusal?.Diagnostic.Code);
            Assert.Equal(conflicts ? null : Norm(left | right), composed?.Layers[3]);
        }
    }

    [Fact]
    public void Replacements_of_different_layers_compose()
    {
        DeltaPart a = Part("a", Layer(DeltaSections.Weights));
        DeltaImage image = TinyDelta.Image(0) with { Parents = [], SelfTests = [], Layers = [null, TinyDelta.Image(0).Layers[1], null, null, null] };
        DeltaPart b = new(DeltaFile.Parse(DeltaWriter.Write(image, TinyDelta.Shape(0)), "b"), image);

        Assert.Equal(2, DeltaComposer.Compose([a, b], TinyDelta.Shape(0), new DeltaNumbers()).Layers.Count(l => l is not null));
    }

    /// <summary>Three images that only add: two of low rank and one of differences.</summary>
    private static DeltaPart[] Parts(DeltaCase delta)
    {
        BoundAdapter[] lora = [.. delta.Model.Adapters.Where(a => a.Patches.Any(p => p is LoraPatch))];
        return
        [
            Part(delta, "first", delta.Pack(lora[0], AdapterModeChoice.Side)),
            Part(delta, "sparse", SparseDelta.Image(delta.Abi, 40, 3)),
            Part(delta, "second", delta.Pack(lora[1], AdapterModeChoice.Side)),
        ];
    }

    private static DeltaPart Part(DeltaCase delta, string name, DeltaImage image) =>
        new(DeltaFile.Parse(delta.Bytes(WithoutBias(image)), name), WithoutBias(image));

    /// <summary>Biases of both adapters would conflict; their terms do not.</summary>
    private static DeltaImage WithoutBias(DeltaImage image) => image with
    {
        Layers = image.Layers.Select(l => l is null || l.Sections == DeltaSections.Bias ? null : l with { Bias = null }).ToEquatableArray(),
        SelfTests = [],
    };

    private static DeltaImage Written(DeltaCase delta, DeltaImage image)
    {
        DeltaImage read = delta.Read(delta.Bytes(image));
        Assert.Equal(image, read);
        return read;
    }

    private static DeltaPart Part(string name, DeltaLayer layer, int index = 0)
    {
        DeltaImage image = TinyDelta.Image(0) with { Parents = [], SelfTests = [], Layers = [.. Enumerable.Range(0, 5).Select(i => i == index ? layer : null)] };
        return new DeltaPart(DeltaFile.Parse(DeltaWriter.Write(image, TinyDelta.Shape(0)), name), image);
    }

    private static DeltaLayer Sparse(params (int Position, int Difference)[] changes) =>
        new() { Sparse = DeltaSparse.Of(changes.ToDictionary(c => c.Position, c => c.Difference), 3, 5) };

    private static DeltaLayer Norm(DeltaSections sections) => new()
    {
        Bias = sections.HasFlag(DeltaSections.Bias) ? [1, 2, 3, 4, 5] : null,
        Requant = sections.HasFlag(DeltaSections.Requant) ? new([1 << 30], [4]) : null,
        Gamma = sections.HasFlag(DeltaSections.Weights) ? [5, 4, 3, 2, 1] : null,
    };

    private static DeltaLayer Layer(DeltaSections section) => section switch
    {
        DeltaSections.Bias => new() { Bias = [1, 2, 3] },
        DeltaSections.Requant => new() { Requant = new([1, 2, 3], [1, 2, 3]) },
        DeltaSections.Weights => new() { Bias = [1, 2, 3], Requant = new([1, 2, 3], [1, 2, 3]), Weights = [.. new sbyte[15]] },
        DeltaSections.Lora => new() { Terms = [TinyDelta.Term(2, 3, 5)] },
        _ => Sparse((1, 1)),
    };
}
