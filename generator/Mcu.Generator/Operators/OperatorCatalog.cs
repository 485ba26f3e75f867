using System.Collections.Frozen;

namespace Mcu.Generator.Operators;

/// <summary>Every operator room, one line each.</summary>
public static class OperatorCatalog
{
    public static IReadOnlyList<OperatorRoom> Rooms { get; } =
    [
        new AddRoom(),
        new AveragePool2DRoom(),
        new BatchMatMulRoom(),
        new BatchNormalizationRoom(),
        new ClampRoom(),
        new ConcatRoom(),
        new Conv2DRoom(),
        new DepthwiseConv2DRoom(),
        new DequantizeRoom(),
        new DivRoom(),
        new ErfRoom(),
        new FullyConnectedRoom(),
        new GeluRoom(),
        new GemmRoom(),
        new IdentityRoom(),
        new LayerNormalizationRoom(),
        new MatMulRoom(),
        new MaxPool2DRoom(),
        new MeanRoom(),
        new MulRoom(),
        new PadRoom(),
        new PowRoom(),
        new QuantizeRoom(),
        new ReshapeRoom(),
        new SoftmaxRoom(),
        new SqrtRoom(),
        new SubRoom(),
        new TransposeRoom(),
    ];

    private static readonly FrozenDictionary<Type, OperatorRoom> ByType = Rooms.ToFrozenDictionary(r => r.OperatorType);

    public static OperatorRoom RoomOf(Operator op) => ByType[op.GetType()];
}
