using System.Collections.Frozen;

namespace Mcu.Generator.Operators;

/// <summary>Every operator room, one line each.</summary>
public static class OperatorCatalog
{
    public static IReadOnlyList<OperatorRoom> Rooms { get; } =
    [
        new AddRoom(),
        new AveragePool2DRoom(),
        new BatchNormalizationRoom(),
        new ClampRoom(),
        new Conv2DRoom(),
        new DepthwiseConv2DRoom(),
        new DequantizeRoom(),
        new FullyConnectedRoom(),
        new GemmRoom(),
        new IdentityRoom(),
        new MatMulRoom(),
        new MaxPool2DRoom(),
        new MeanRoom(),
        new PadRoom(),
        new QuantizeRoom(),
        new ReshapeRoom(),
        new SoftmaxRoom(),
        new TransposeRoom(),
    ];

    private static readonly FrozenDictionary<Type, OperatorRoom> ByType = Rooms.ToFrozenDictionary(r => r.OperatorType);

    public static OperatorRoom RoomOf(Operator op) => ByType[op.GetType()];
}
